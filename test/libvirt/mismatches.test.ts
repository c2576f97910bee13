// What libvirt says when a domain and its tap disagree, and that nothing is broken then: the tap is as before, and the next
// start works. The reason why a cap never crosses the line between one queue and several.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Bed } from "../integration/bed.ts";
import { prepareContainer } from "./container.ts";
import type { Domain } from "./domain.ts";
import { LauncherPod } from "./launcher-pod.ts";

let bed: Bed;
let pod: LauncherPod;
before(async () => {
  bed = await Bed.open();
  await prepareContainer(bed);
  pod = await LauncherPod.open(bed, "pod");
});
after(async () => {
  await pod[Symbol.asyncDispose]();
  await bed[Symbol.asyncDispose]();
});
afterEach(async () => {
  await pod.launcher.virsh("destroy", "default_vm");
  await pod.deleteTap("tap0");
});

/** A VM with four vCPUs and one NIC; without `queues` the domain names none. */
function domainWith(queues: number | undefined): Domain {
  return {
    name: "default_vm",
    vcpus: 4,
    nics: [{ network: "default", tap: "tap0", mac: "02:00:00:00:00:02", queues }],
  };
}

/** QEMU runs, the guest does not: all that concerns the tap has happened. */
async function start(queues: number | undefined): Promise<{ readonly status: number | null; readonly stderr: string }> {
  await pod.launcher.define(pod.launcher.xmlOf(domainWith(queues)));
  return pod.launcher.virsh("start", "--paused", "default_vm");
}

async function mustStart(queues: number | undefined): Promise<void> {
  const { status, stderr } = await start(queues);
  assert.equal(status, 0, stderr);
  assert.equal((await pod.tap("tap0"))?.isOpen, true);
}

describe("a domain that does not fit its tap", () => {
  /** The words are the C library's: libvirt's own differ between versions. */
  const refused = {
    "one queue on a tap for several": { tap: { queues: 4 }, asked: 1, why: /Invalid argument/, right: 4 },
    "no queues on a tap for several": { tap: { queues: 2 }, asked: undefined, why: /Invalid argument/, right: 2 },
    "two queues on a tap for one": { tap: { queues: 1 }, asked: 2, why: /Invalid argument/, right: 1 },
    "257 queues": { tap: { queues: 4 }, asked: 257, why: /Argument list too long/, right: 256 },
  };
  for (const [name, { tap, asked, why, right }] of Object.entries(refused)) {
    it(`is not started: ${name}; corrected, it is`, async () => {
      await pod.addTap("tap0", tap);
      const made = await pod.tap("tap0");
      const { status, stderr } = await start(asked);
      assert.equal(status, 1);
      assert.match(stderr, why);
      assert.deepEqual(await pod.tap("tap0"), made);
      await mustStart(right);
      assert.equal((await pod.tap("tap0"))?.queues, right === 1 ? undefined : right);
    });
  }

  it("is not started on somebody else's tap; on one of QEMU's user it is", async () => {
    await pod.addTap("tap0", { queues: 2, owner: 108, group: 108 });
    const { status, stderr } = await start(2);
    assert.equal(status, 1);
    assert.match(stderr, /Operation not permitted/);
    await pod.deleteTap("tap0");
    await pod.addTap("tap0", { queues: 2 });
    await mustStart(2);
  });

  it("is not started without the tap; once it is there, it is", async () => {
    const { status } = await start(2);
    assert.equal(status, 1);
    assert.equal(await pod.tap("tap0"), undefined);
    await pod.addTap("tap0", { queues: 2 });
    await mustStart(2);
  });
});

describe("a domain that fits its tap's kind", () => {
  it("is started again and again on the same tap", async () => {
    await pod.addTap("tap0", { queues: 4 });
    const made = await pod.tap("tap0");
    for (const asked of [4, 2, 3]) {
      await mustStart(asked);
      assert.deepEqual(await pod.tap("tap0"), { ...made, isOpen: true, queues: asked, enabledQueues: 1 });
      await pod.launcher.must("destroy", "default_vm");
      assert.deepEqual(await pod.tap("tap0"), made);
    }
  });

  it("opens what the document says, whatever the tap was made for: without the hook nothing holds the cap", async () => {
    await pod.addTap("tap0", { queues: 2 });
    await mustStart(4);
    const tap = await pod.tap("tap0");
    assert.deepEqual([tap?.queues, tap?.alias?.split(" ")[1]], [4, "q=2"]);
  });
});
