// A running VM that was capped moves to another launcher: the document comes from the source, so the target's tap must only be
// of the same kind, whatever it was made for; where it is not, the VM stays where it is.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Bed } from "../integration/bed.ts";
import { prepareContainer } from "./container.ts";
import type { Domain } from "./domain.ts";
import { LauncherPod } from "./launcher-pod.ts";

const nic = { network: "default", tap: "tap0", mac: "02:00:00:00:00:02", queues: 2 };
const domain: Domain = { name: "default_vm", vcpus: 4, nics: [nic] };

let bed: Bed;
let source: LauncherPod;
before(async () => {
  bed = await Bed.open();
  await prepareContainer(bed);
  source = await LauncherPod.open(bed, "source");
  await source.addTap("tap0", { queues: 2 });
  await source.launcher.define(source.launcher.xmlOf(domain));
  await source.launcher.must("start", domain.name);
  await source.launcher.reportOf(domain);
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await bed[Symbol.asyncDispose]();
});

describe("a running VM with 2 queues of 4", () => {
  it("does not move to a tap for one queue, and runs on", async () => {
    await using target = await LauncherPod.open(bed, "single");
    await target.addTap("tap0", { queues: 1 });
    const made = await target.tap("tap0");
    const { status, stderr } = await source.launcher.migrate(domain.name, target.launcher);
    assert.equal(status, 1);
    assert.match(stderr, /Invalid argument/);
    assert.deepEqual(await target.tap("tap0"), made);
    assert.deepEqual((await source.tap("tap0"))?.queues, 2);
    await source.pingGuest();
  });

  it("has 2 queues on a tap for 4 too", async () => {
    await using target = await LauncherPod.open(bed, "multi");
    await target.addTap("tap0", { queues: 4 });
    const { status, stderr } = await source.launcher.migrate(domain.name, target.launcher);
    assert.equal(status, 0, stderr);
    const tap = await target.tap("tap0");
    assert.deepEqual([tap?.queues, tap?.enabledQueues, tap?.qdisc], [2, 2, "noqueue"]);
    assert.equal((await source.tap("tap0"))?.isOpen, false);
    await target.pingGuest();
  });
});
