// The plugin inside a container of 50 MiB, as Multus' daemon is by default, and the larger limit of a hook inside one of
// 64 MiB: whatever comes in, the engine's own limit ends it with one CNI error document, never the kernel's OOM killer.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { buildBinary } from "../../cni/host/build.mjs";
import { Bed, type Finished } from "./bed.ts";
import { MemoryCgroup, reasonForNoCgroup } from "./memory-cgroup.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const skip = reasonForNoCgroup() ?? false;
const pluginMiB = 50;
const hookMiB = 64;
/** What the host reads of stdin at most. */
const stdinBytes = 8 << 20;

/** A configuration of the wanted size, whose field `x` repeats `piece`. */
function filled([start, piece, end]: readonly [string, string, string], bytes = stdinBytes): string {
  const head = `{"cniVersion":"1.1.0","name":"net","type":"mqtap","x":${start}`;
  const count = Math.floor((bytes - head.length - end.length - 1) / Buffer.byteLength(piece));
  return `${head}${piece.repeat(count)}${end}}`;
}

function nested(open: string, close: string, depth: number): string {
  return `{"cniVersion":"1.1.0","name":"net","type":"mqtap","x":${open.repeat(depth)}1${close.repeat(depth)}}`;
}

function manyKeys(): string {
  const keys = Array.from({ length: 600_000 }, (_, index) => `"k${index}":1`);
  return `{"cniVersion":"1.1.0","name":"net","type":"mqtap","x":{${keys.join(",")}}}`;
}

/** Each is more than the engine can hold, or than the host reads. */
const hostile: Readonly<Record<string, string | Uint8Array>> = {
  "arrays in arrays": nested("[", "]", 4_000_000),
  "objects in objects": nested('{"a":', "}", 1_000_000),
  "millions of empty arrays": filled(["[", "[],", "[]]"]),
  "600,000 different keys": manyKeys(),
  "one long string": filled(['"', "x", '"']),
  "one long string of wide characters": filled(['"', "中", '"']),
  "one long key": filled(['{"', "k", '":1}']),
  "a long cniVersion": `{"cniVersion":"${"1".repeat(7_000_000)}","name":"net","type":"mqtap"}`,
  "a long network name": `{"cniVersion":"1.1.0","name":"${"n".repeat(7_000_000)}","type":"mqtap"}`,
  "a long alias of nothing": `"${"x".repeat(stdinBytes - 2)}"`,
  "bytes that are no UTF-8": new Uint8Array(stdinBytes).fill(0xff),
  "more than the host reads": filled(["[", "0,", "0]"], stdinBytes + 64),
  "nothing but an opening bracket": "[".repeat(stdinBytes),
  "a huge prevResult": `{"cniVersion":"1.1.0","name":"net","type":"mqtap","prevResult":{"interfaces":[${'{"name":"a"},'.repeat(500_000)}{"name":"b"}]}}`,
  "a huge field of IPAM": `{"cniVersion":"1.1.0","name":"net","type":"mqtap","ipam":{"type":"static","x":"${"x".repeat(7_000_000)}"}}`,
};

describe(`the plugin in a container of ${pluginMiB} MiB`, { skip }, () => {
  let bed: Bed;
  let netns: string;

  before(async () => {
    bed = await Bed.open();
    netns = await bed.addNamespace("pod");
  });
  after(() => bed[Symbol.asyncDispose]());

  function call(cgroup: MemoryCgroup, command: string, stdin: string | Uint8Array, ifName = "tap0"): Promise<Finished> {
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: "c1",
      CNI_NETNS: netns,
      CNI_IFNAME: ifName,
      CNI_PATH: "/run/bin",
    };
    return bed.run(cgroup.enter(["/run/bin/mqtap"]), { env, stdin });
  }

  for (const command of ["ADD", "CHECK", "DEL", "GC", "STATUS"]) {
    it(`ends with one error document or well, and is not killed, whatever ${command} is given`, async (t) => {
      for (const [title, stdin] of Object.entries(hostile)) {
        using cgroup = new MemoryCgroup(command, pluginMiB);
        const finished = await call(cgroup, command, stdin);
        assertWellEnded(finished, title);
        if (command === "ADD") assert.equal(finished.status, 1, `${title}: ${finished.stdout.slice(0, 200)}`);
        assert.equal(cgroup.oomKills(), 0, title);
        tellPeak(t, title, cgroup);
      }
      assert.deepEqual(
        (await bed.links("pod")).map(({ ifname }) => ifname),
        ["lo"],
      );
    });
  }

  it("is not killed by what an IPAM plugin answers", async (t) => {
    const conf = `{"cniVersion":"1.1.0","name":"net","type":"mqtap","ipam":{"type":"hostile"},"x":"${"x".repeat(1_500_000)}"}`;
    const answers: Readonly<Record<string, string>> = {
      "bytes that are no UTF-8": `head -c ${stdinBytes} /dev/zero | tr '\\0' '\\377'`,
      "arrays in arrays": `head -c ${stdinBytes} /dev/zero | tr '\\0' '['`,
      "more than the host reads": `head -c ${2 * stdinBytes} /dev/zero`,
      "a long string": `printf '{"cniVersion":"1.1.0","x":"'; head -c 8000000 /dev/zero | tr '\\0' x; printf '"}'`,
      "a long string before it fails": `head -c ${stdinBytes} /dev/zero | tr '\\0' x; exit 1`,
    };
    for (const [title, script] of Object.entries(answers)) {
      bed.write("/run/bin/hostile", `#!/bin/sh\n[ "$CNI_COMMAND" = ADD ] || exit 0\n${script}\n`);
      await bed.must("chmod", "0755", "/run/bin/hostile");
      using cgroup = new MemoryCgroup("ipam", pluginMiB);
      const finished = await call(cgroup, "ADD", conf);
      assertWellEnded(finished, title);
      assert.equal(finished.status, 1, `${title}: ${finished.stdout.slice(0, 200)}`);
      assert.equal(cgroup.oomKills(), 0, title);
      tellPeak(t, title, cgroup);
    }
  });

  it("serves 20 hostile calls one after the other in the same container", async (t) => {
    using cgroup = new MemoryCgroup("sequence", pluginMiB);
    const inputs = Object.values(hostile);
    for (let round = 0; round < 20; round += 1) {
      const finished = await call(cgroup, "ADD", inputs[round % inputs.length] ?? "");
      assertWellEnded(finished, `call ${round}`);
    }
    assert.equal(cgroup.oomKills(), 0);
    tellPeak(t, "20 calls in sequence", cgroup);
  });

  it("serves 16 ordinary calls at the same time", async (t) => {
    using cgroup = new MemoryCgroup("parallel", pluginMiB);
    const conf = JSON.stringify({ cniVersion: "1.1.0", name: "net", type: "mqtap", queues: 4 });
    const names = Array.from({ length: 16 }, (_, index) => `tap${index}`);
    for (const command of ["ADD", "DEL"]) {
      const calls = await Promise.all(names.map((name) => call(cgroup, command, conf, name)));
      for (const { status, stdout } of calls) assert.equal(status, 0, stdout);
    }
    assert.equal(cgroup.oomKills(), 0);
    tellPeak(t, "16 ADDs at the same time", cgroup);
  });

  it("makes a tap with the largest configuration that it can read", async (t) => {
    const largest: Readonly<Record<string, string>> = {
      "7 MB of escaped text": filled(['"', "\\t", '"'], 7_000_000),
      "a string of 4 MB": filled(['"', "x", '"'], 4_000_000),
      "a prevResult with 30,000 interfaces": `{"cniVersion":"1.1.0","name":"net","type":"mqtap","prevResult":{"cniVersion":"1.1.0","interfaces":[${'{"name":"a","sandbox":"b"},'.repeat(29_999)}{"name":"c"}]}}`,
    };
    for (const [title, stdin] of Object.entries(largest)) {
      using cgroup = new MemoryCgroup("largest", pluginMiB);
      for (const command of ["ADD", "DEL"]) {
        const { status, stdout } = await call(cgroup, command, stdin);
        assert.equal(status, 0, `${command}, ${title}: ${stdout.slice(0, 300)}`);
      }
      assert.equal(cgroup.oomKills(), 0, title);
      tellPeak(t, title, cgroup);
    }
  });
});

describe(`a program with the hook's memory in a container of ${hookMiB} MiB`, { skip }, () => {
  before(() => buildBinary({ root, name: "mqtap-conformance" }));

  it("gets its 32 MiB, and ends with an error document where it wants more", (t) => {
    using cgroup = new MemoryCgroup("hook", hookMiB);
    const [command = "", ...args] = cgroup.enter([`${root}/dist/mqtap-conformance`, "hungry-program"]);
    const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
    assert.deepEqual([status, signal], [70, null]);
    assert.match(stderr, /^fatal: InternalError: out of memory/);
    assert.equal(JSON.parse(stdout).code, 999);
    assert.equal(cgroup.oomKills(), 0);
    const peakMiB = cgroup.peakMiB();
    if (peakMiB !== undefined) assert.ok(peakMiB > 30 && peakMiB < 40, `it held ${peakMiB} MiB`);
    tellPeak(t, "a program with 32 MiB", cgroup);
  });

  it("is killed in a container that is smaller than its limit, which shows that the cgroup counts", () => {
    using cgroup = new MemoryCgroup("small", 20);
    const [command = "", ...args] = cgroup.enter([`${root}/dist/mqtap-conformance`, "hungry-program"]);
    const { signal } = spawnSync(command, args, { encoding: "utf8" });
    assert.equal(signal, "SIGKILL");
    assert.equal(cgroup.oomKills(), 1);
  });
});

/** One document that is an error, or success. */
function assertWellEnded({ status, stdout, stderr }: Finished, title: string): void {
  assert.ok(status === 0 || status === 1, `${title}: status ${status}: ${stderr.slice(0, 500)}`);
  if (status === 0) return;
  assert.equal(stdout.indexOf("\n"), stdout.length - 1, `${title}: not one line: ${stdout.slice(0, 500)}`);
  assert.equal(typeof JSON.parse(stdout).code, "number", title);
}

function tellPeak(t: TestContext, title: string, cgroup: MemoryCgroup): void {
  const peakMiB = cgroup.peakMiB();
  if (peakMiB !== undefined) t.diagnostic(`${title}: at most ${peakMiB.toFixed(1)} MiB`);
}
