// A failure of the shipped binary prints a stack that leads back to the TypeScript with the shipped source maps.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { buildBinary } from "../../cni/host/build.mjs";
import { Bed } from "./bed.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Frame {
  readonly name: string;
  readonly file: string;
  /** The source's line, as text. */
  readonly text: string;
}

/** What `npm run map-stack` makes of a program's stderr. */
function mappedFrames(stderr: string): readonly Frame[] {
  const tool = spawnSync(process.execPath, [`${root}/cni/host/map-stack.mjs`], { input: stderr, encoding: "utf8" });
  assert.deepEqual([tool.status, tool.stderr], [0, ""]);
  const lines = tool.stdout.split("\n").filter((line) => line.startsWith("    at "));
  return lines.map((line) => {
    const [, name = "", file = "", number = ""] = /^ {4}at (\S+) \((\S+\.ts):(\d+):\d+\)$/.exec(line) ?? [];
    assert.notEqual(file, "", `not mapped: ${line}`);
    return { name, file, text: readFileSync(`${root}/${file}`, "utf8").split("\n")[Number(number) - 1] ?? "" };
  });
}

/** That the file really has a function of the frame's name. */
function assertDefined({ name, file }: Frame): void {
  if (name === "<anonymous>") return;
  const source = readFileSync(`${root}/${file}`, "utf8");
  const isThere = [`function ${name}(`, `"${name}": `, `${name}: `, `const ${name} = `, ` ${name}(`].some((form) =>
    source.includes(form),
  );
  assert.ok(isThere, `${file} has no "${name}"`);
}

describe("a stack of the conformance binary", () => {
  before(() => buildBinary({ root, name: "mqtap-conformance" }));

  const failures: Readonly<Record<string, { readonly task: string; readonly first: Frame }>> = {
    "an error that nobody caught": {
      task: "throw",
      first: {
        name: "throw",
        file: "test/conformance/native/main.ts",
        text: '    throw new RangeError("thrown at the top", { cause: "a test" });',
      },
    },
    "an error in another program": {
      task: "failing-program",
      first: {
        name: "<anonymous>",
        file: "test/conformance/native/failing/main.ts",
        text: 'throw new RangeError("this program fails");',
      },
    },
    "recursion without end": {
      task: "stack",
      first: {
        name: "deeper",
        file: "test/conformance/native/main.ts",
        text: "    const deeper = (depth: number): number => deeper(depth + 1) + 1;",
      },
    },
    "more than the memory limit": {
      task: "hungry-program",
      first: {
        name: "<anonymous>",
        file: "test/conformance/native/hungry/main.ts",
        text: "for (;;) kept.push(new Uint8Array(65_536).fill(1));",
      },
    },
  };
  for (const [title, { task, first }] of Object.entries(failures)) {
    it(`leads to the line that failed: ${title}`, () => {
      const { stderr } = spawnSync(`${root}/dist/mqtap-conformance`, [task], { encoding: "utf8" });
      const frames = mappedFrames(stderr);
      assert.deepEqual(frames[0], first);
      for (const frame of frames) assertDefined(frame);
    });
  }
});

describe("a stack of the plugin", () => {
  before(() => buildBinary({ root }));

  it("leads through every program that ran, down to the verb", async () => {
    // In a bed, since a failing call writes a line to the machine's log.
    await using bed = await Bed.open();
    const { status, stdout, stderr } = await bed.run(["/run/bin/mqtap"], {
      // More than the engine can work with: the one failure of a sound plugin that can be asked for.
      stdin: `{"cniVersion":"1.1.0","name":"${"n".repeat(7_000_000)}","type":"mqtap"}`,
      env: { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_NETNS: "/nowhere", CNI_IFNAME: "tap0", CNI_PATH: "/" },
    });
    assert.deepEqual([status, JSON.parse(stdout).code], [1, 999]);
    const frames = mappedFrames(stderr);
    for (const frame of frames) assertDefined(frame);
    const add = frames.find(({ name }) => name === "add");
    assert.equal(add?.file, "cni/commands/add.ts");
    assert.match(add?.text ?? "", /validate\(call\)/);
    const files = frames.map(({ file }) => file);
    assert.deepEqual(files.slice(-5), [
      "cni/dispatch.ts",
      "cni/dispatch.ts",
      "cni/main.ts",
      "cni/programs/add.ts",
      "cni/start.ts",
    ]);
    assert.match(frames.at(-1)?.text ?? "", /runProgram\(/);
  });
});
