// What KubeVirt does with a hook that fails, each way once with its own hooks manager and sidecar-shim; and beside it what
// mqtap's hook does where it cannot do its work.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseXml } from "@rgrove/parse-xml";
import { podPerTest, type TestPod } from "../integration/pod-per-test.ts";
import { type Booted, boot, type HookProgram } from "./hook-sidecars.ts";
import { makeTaps, type VmShape, vmOf, withQueues } from "./hooked-vm.ts";

let pod: TestPod;
podPerTest((entered) => {
  pod = entered;
});

/** One call; without hooks it is what KubeVirt would start. */
async function start(hooks: readonly HookProgram[], shape: VmShape = {}) {
  const booted: Booted = await boot(pod, { vmi: vmOf(shape), hooks, hasPod: false });
  const [call] = booted.calls;
  assert.ok(call);
  return { ...call, log: booted.logs.join("") };
}

/** Prints the domain as it came. */
const printDomain = "printf '%s' \"$4\"";
const script = (lines: string, mode?: number): HookProgram => ({
  script: `#!/bin/sh\n${lines}\n`,
  ...(mode && { mode }),
});

describe("a hook that", () => {
  test("exits with a status other than 0 keeps the VM from starting, and only the sidecar's log says why", async () => {
    const { failed, log } = await start([script(`${printDomain}; echo why >&2; exit 3`)]);
    assert.equal(failed, "rpc error: code = Unknown desc = exit status 3");
    assert.match(log, /"hook":"onDefineDomain","level":"info","msg":"why"/);
  });

  test("prints nothing keeps the VM from starting", async () => {
    const { after, failed } = await start([script("exit 0")]);
    assert.deepEqual([after, failed], ["", "EOF"]);
  });

  test("prints a line of its log first has it handed to libvirt, as no XML", async () => {
    const { before, after, failed } = await start([script(`echo level=info; ${printDomain}`)]);
    assert.deepEqual([after, failed], [`level=info\n${before}`, ""]);
    assert.throws(() => parseXml(after));
  });

  for (const [title, hook] of [
    ["is not executable", script(printDomain, 0o644)],
    ["is not on PATH", "none"],
  ] as const) {
    test(`${title} is passed over without a word: the VM starts as if there were none`, async () => {
      const { before, after, failed } = await start([hook]);
      assert.deepEqual([after, failed], [before, ""]);
      assert.ok(before.includes('queues="8"'));
    });
  }

  /** One argument's limit, MAX_ARG_STRLEN of linux/binfmts.h with its ending NUL. */
  const limit = 131_072;
  const many: VmShape = { secondaries: Array.from({ length: 600 }, (_, index) => `network-${index}`) };
  const big: VmShape = { annotations: { big: "x".repeat(limit) } };
  for (const [title, shape] of [
    ["a VMI", big],
    ["a domain", many],
  ] as const) {
    test(`is to be given ${title} of more than 128 KiB cannot be started, mqtap's neither, and the VM does not start`, async () => {
      const { before } = await start([], shape);
      assert.equal(before.length > limit, shape === many);
      for (const hook of [script(printDomain), "mqtap"] as const) {
        assert.match((await start([hook], shape)).failed, /argument list too long$/);
      }
    });
  }
});

describe("mqtap's hook", () => {
  test("exits with 0, prints the domain alone and says why in the sidecar's log, where there is no tap", async () => {
    const { before, after, failed, log } = await start(["mqtap"]);
    assert.deepEqual([after, failed], [before, ""]);
    assert.match(log, /queues left as they were on 1 NIC.*has no alias of mqtap: let the node/);
  });

  test("does so where there is no tap for one NIC of two, and lowers the other's", async () => {
    await using _pod = await makeTaps(pod, { queues: 4 });
    const { before, after, log } = await start(["mqtap"], { secondaries: ["blue"] });
    const isBlue = before.indexOf('"ua-blue"');
    assert.equal(after, withQueues(before.slice(0, isBlue), [8, 4]) + before.slice(isBlue));
    assert.match(log, /queues lowered on 1 NIC, queues left as they were on 1 NIC/);
  });

  test("lowers queues in a domain of 128 KiB less one byte, the longest that can be given", async () => {
    await using _pod = await makeTaps(pod, { queues: 4 });
    const longest = 131_071;
    const ofSerial = (serial: string): VmShape => ({ domain: { firmware: { serial } } });
    const { before: short } = await start([], ofSerial("x"));
    const { before, after, failed } = await start(["mqtap"], ofSerial("x".repeat(longest - short.length + 1)));
    assert.deepEqual([before.length, failed], [longest, ""]);
    assert.equal(after, withQueues(before, [8, 4]));
  });
});
