// Calls of the built plugin that run at the same time: ADD against DEL, and ADDs of one attachment.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { parseAlias } from "../../cni/tap/alias.ts";
import { Bed, type Finished } from "../integration/bed.ts";
import { invoke, type PluginCall, succeed } from "../integration/plugin.ts";

let bed: Bed;
let netns: string;
before(async () => {
  bed = await Bed.open();
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});
beforeEach(async () => {
  netns = await bed.addNamespace("pod");
});
afterEach(async () => {
  await bed.must("ip", "netns", "del", "pod");
});

const rounds = 15;
const tapKinds: Readonly<Record<string, Record<string, unknown>>> = {
  "a multiqueue tap": { queues: 4 },
  "a single-queue tap": { queues: 1 },
};

/** 100: another ADD has it, 102: another call removed it while it was made. */
function assertOutcome({ status, stdout, stderr }: Finished): void {
  if (status === 0) return;
  assert.equal(status, 1, stderr);
  assert.equal(stdout.indexOf("\n"), stdout.length - 1);
  const { code, msg } = JSON.parse(stdout);
  assert.ok([100, 102].includes(code), `${code}: ${msg}`);
}

/** Whatever is in the pod is one whole tap with its mark. */
async function assertWhole(): Promise<number> {
  const [tap, ...more] = (await bed.links("pod")).filter(({ ifname }) => ifname !== "lo");
  assert.deepEqual(more, []);
  if (tap === undefined) return 0;
  assert.ok(tap.linkinfo?.info_data?.["persist"] === true && tap.flags.includes("UP"), "a tap that is not whole");
  assert.ok(parseAlias(tap.ifalias) !== undefined);
  return 1;
}

for (const [what, conf] of Object.entries(tapKinds)) {
  describe(what, () => {
    test("survives ADDs against DELs whole or not at all, and a last DEL removes it", async () => {
      for (let round = 0; round < rounds; round++) {
        const commands = round % 2 === 0 ? ["ADD", "DEL", "DEL"] : ["DEL", "ADD", "DEL"];
        const calls: readonly PluginCall[] = commands.map((command) => ({ command, netns, conf }));
        const outcomes = await Promise.all(calls.map((call) => invoke(bed, call)));
        outcomes.forEach(assertOutcome);
        outcomes
          .filter((_outcome, at) => commands[at] === "DEL")
          .forEach(({ status, stdout }) => {
            assert.deepEqual([status, stdout], [0, ""]);
          });
        await assertWhole();
        await succeed(bed, { command: "DEL", netns, conf });
        assert.equal((await bed.links("pod")).length, 1);
      }
    });

    test("is made once by six ADDs of one attachment, of which at least one succeeds", async () => {
      for (let round = 0; round < rounds; round++) {
        const calls = Array.from({ length: 6 }, () => invoke(bed, { command: "ADD", netns, conf }));
        const outcomes = await Promise.all(calls);
        outcomes.forEach(assertOutcome);
        assert.ok(outcomes.some(({ status }) => status === 0));
        assert.equal(await assertWhole(), 1);
        await succeed(bed, { command: "DEL", netns, conf });
      }
    });

    test("stays removed when the namespace goes in the middle of ADD", async () => {
      for (let round = 0; round < rounds; round++) {
        const path = await bed.addNamespace("short-lived");
        const adding = invoke(bed, { command: "ADD", netns: path, conf });
        await bed.must("ip", "netns", "del", "short-lived");
        const { status, stdout } = await adding;
        if (status !== 0) assert.equal(JSON.parse(stdout).code, 8, stdout);
        await succeed(bed, { command: "DEL", netns: path, conf });
      }
    });
  });
}

test("a tap that others delete again and again is never half made, and no defect of ours", async () => {
  const script = "while :; do ip -n pod link del eth0 2>/dev/null; done";
  const deleting = bed.run(["timeout", "3", "sh", "-c", script]);
  let isDeleting = true;
  const ended = deleting.then(() => {
    isDeleting = false;
  });
  while (isDeleting) assertOutcome(await invoke(bed, { command: "ADD", netns, conf: { queues: 2 } }));
  await ended;
  await assertWhole();
});
