// KubeVirt's own phase 1 over taps that mqtap made: adopted, with all that mqtap set kept. Beside it what KubeVirt makes
// where mqtap made nothing. Masquerade only; the other bindings need links of a kind that not every kernel has, and are
// tried in a guest.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Bed } from "../integration/bed.ts";
import { succeed } from "../integration/plugin.ts";
import { podPerTest } from "../integration/pod-per-test.ts";
import { addCompanionTap, companionCall } from "./companion.ts";
import { LauncherPod } from "./launcher-pod.ts";
import { bindings, virtualMachine } from "./virtual-machine.ts";

let bed: Bed;
let namespace: string;
let netns: string;
let pod: LauncherPod;
podPerTest((testPod) => {
  ({ bed, namespace, netns } = testPod);
});
beforeEach(async () => {
  pod = await LauncherPod.start(bed, namespace);
});
afterEach(() => pod[Symbol.asyncDispose]());

const binding = bindings.masquerade;
const done = { kind: "reply", reply: { done: true } };

const addCompanion = (queues: number, owner = 107) => addCompanionTap(bed, { netns, queues, owner });
const companion = (command: string) => companionCall(command, { netns });

describe("phase 1 over a tap that mqtap made", () => {
  for (const { queues, flags } of [
    { queues: 2, flags: "0x1902" },
    { queues: 1, flags: "0x1802" },
  ]) {
    test(`adopts a tap of ${queues} and keeps what was set`, async () => {
      await addCompanion(queues);
      const made = await pod.tap("tap0");
      assert.deepEqual([made.flags, made.owner, made.group, made.qdisc], [flags, "107", "107", "noqueue"]);
      assert.ok(made.alias?.startsWith(`mqtap/1 q=${queues} m=companion `), `the alias is ${made.alias}`);

      assert.deepEqual(await pod.phase1(virtualMachine({ binding, isMultiqueue: queues > 1 })), done);
      assert.deepEqual(await pod.tap("tap0"), made);
      const link = await pod.link("tap0");
      assert.deepEqual([link?.master, link?.mtu, link?.flags.includes("UP")], ["k6t-eth0", 1450, true]);
    });
  }

  test("leaves a root VM's tap to root", async () => {
    await addCompanion(4, 0);
    assert.deepEqual(await pod.phase1(virtualMachine({ binding, runtimeUser: 0 })), done);
    const { owner, group } = await pod.tap("tap0");
    assert.deepEqual([owner, group], ["0", "0"]);
  });

  test("does not notice a tap whose bit is wrong, which is why the bit must follow from what KubeVirt opens", async () => {
    await addCompanion(1);
    const made = await pod.tap("tap0");
    assert.deepEqual(await pod.phase1(virtualMachine({ binding })), done);
    assert.deepEqual(await pod.tap("tap0"), made);
  });

  test("leaves a tap that CHECK accepts and DEL removes", async () => {
    await addCompanion(4);
    await pod.phase1(virtualMachine({ binding }));
    await succeed(bed, companion("CHECK"));
    await succeed(bed, companion("DEL"));
    assert.equal(await pod.link("tap0"), undefined);
    assert.ok(await pod.link("k6t-eth0"));
  });
});

describe("phase 1 where mqtap made nothing", () => {
  for (const { isMultiqueue, flags } of [
    { isMultiqueue: true, flags: "0x1902" },
    { isMultiqueue: false, flags: "0x2802" },
  ]) {
    test(`makes its own tap, ${isMultiqueue ? "of several queues with mq" : "of one queue"}`, async () => {
      assert.deepEqual(await pod.phase1(virtualMachine({ binding, isMultiqueue })), done);
      const made = await pod.tap("tap0");
      assert.deepEqual([made.flags, made.owner, made.group, made.alias], [flags, "107", "107", undefined]);
      // with one queue it is whatever net.core.default_qdisc says
      assert.equal(made.qdisc === "mq", isMultiqueue, made.qdisc);
      assert.notEqual(made.qdisc, "noqueue");
    });
  }

  test("makes a tap that mqtap, which waits for it, adopts at once: alias and noqueue, all else as KubeVirt made it", async () => {
    // it ends with a pipe on its stdin
    const command = `exec /run/bin/mqtap adopt --netns ${netns} --tap tap0=2 --wait --timeout 1m </dev/null`;
    const adopting = bed.run(["sh", "-c", command]);
    assert.deepEqual(await pod.phase1(virtualMachine({ binding })), done);
    const { status, stderr } = await adopting;
    assert.equal(status, 0, stderr);
    const { mac, ifindex, ...adopted } = await pod.tap("tap0");
    assert.match(mac, /^[0-9a-f:]{17}$/);
    assert.ok(ifindex > 0);
    assert.deepEqual(adopted, {
      flags: "0x1902",
      owner: "107",
      group: "107",
      alias: "mqtap/1 q=2 m=adopted",
      qdisc: "noqueue",
    });
    const link = await pod.link("tap0");
    assert.deepEqual([link?.master, link?.mtu, link?.flags.includes("UP")], ["k6t-eth0", 1450, true]);
  });

  test("refuses a link of the tap's name that is no tap, and leaves its bridge behind", async () => {
    await bed.must("ip", "-n", namespace, "link", "add", "tap0", "type", "bridge");
    const answer = await pod.phase1(virtualMachine({ binding }));
    assert.ok(answer.kind === "refused");
    assert.match(answer.why, /type collision on link tap0: actual bridge, requested tap/);
    assert.ok(await pod.link("k6t-eth0"));
  });
});
