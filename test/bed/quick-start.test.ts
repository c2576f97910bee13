// The quick start of the README, typed to the letter on a fresh cluster of two nodes that has KubeVirt's kinds and the images:
// each command succeeds and says what the README shows, ages apart; and a VM's pod then gets what the README promises.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { chainedPlugin, startKubevirtBed } from "../../deploy/local/bed/installed/installed-bed.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { typeCommand } from "./typed-command.ts";
import { describeTap, linksOf, startVm, virtualMachine, waitForVmEvent } from "./vm-pods.ts";

const layout = layoutOfCheckout();
const readme = readFileSync(path.join(layout.root, "README.md"), "utf8");

interface Step {
  readonly command: string;
  /** Lines that are to be said in this order; "…" stands for any. */
  readonly shown: readonly string[];
}

/** The commands of the block behind the marker, each from "$ " to the end of its here-document. */
function quickStart(): readonly Step[] {
  const [, block = ""] = /<!-- quick start.*?-->\n```console\n(.*?)```/s.exec(readme) ?? [];
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [, command = "", said = ""] = /^([^\n]*<<EOF\n.*?\nEOF|[^\n]*)\n(.*)$/s.exec(text) ?? [];
      return { command, shown: linesOf(said) };
    });
}

/** Without empty lines and ages. */
function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/(\d+m)?\d+s$/, "AGE").trimEnd());
}

function assertShown(said: string, shown: readonly string[]): void {
  const lines = linesOf(said);
  let from = 0;
  for (const [index, wanted] of shown.entries()) {
    if (wanted === "…") continue;
    const at = lines.indexOf(wanted, from);
    assert.ok(at >= 0, `"${wanted}" is not in\n${said}`);
    if (shown[index - 1] !== "…") assert.equal(at, from, `there is more before "${wanted}" in\n${said}`);
    from = at + 1;
  }
  if (shown.at(-1) !== "…") assert.equal(from, lines.length, said);
}

describe("the README's quick start", () => {
  let bed: Bed;
  before(async () => {
    bed = await startKubevirtBed({ layout });
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  it("has three commands", () => {
    assert.equal(quickStart().length, 3);
  });

  for (const { command, shown } of quickStart()) {
    it(`"${command.split("\n")[0]}" says what is shown`, async () => {
      assertShown(await typeCommand(bed, command), shown);
    });
  }

  it("is followed by VMs with the events that are shown", async () => {
    await bed.setDefaultNetwork(chainedPlugin);
    const pod = await startVm(bed, virtualMachine("first", "node2"));
    assert.equal(describeTap((await linksOf(bed, pod)).get("tap0")), "companion for 4, 4 open, 107:107, noqueue, up");
    for (const reason of ["QueuesPlanned", "QueuesCapped"]) {
      const note = await waitForVmEvent(bed, pod, reason);
      const line = readme.split("\n").find((text) => text.startsWith(`Normal   ${reason} `));
      assert.equal(line?.replace(/^Normal +\w+ +/, ""), note);
    }
  });
});
