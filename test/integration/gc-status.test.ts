// GC and STATUS: what the runtime asks for the whole network, without a pod.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Bed } from "./bed.ts";
import { FakeAgent } from "./fake-agent.ts";
import { fail, succeed } from "./plugin.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

describe("GC", () => {
  const pods = ["a", "b"];
  const taps = async (namespace: string) => (await bed.links(namespace)).map(({ ifname }) => ifname).slice(1);

  beforeEach(async () => {
    for (const pod of pods) {
      const netns = await bed.addNamespace(pod);
      await succeed(bed, { command: "ADD", netns, containerId: pod, ifName: "net1" });
      await succeed(bed, { command: "ADD", netns, containerId: pod, ifName: "net2" });
      await succeed(bed, { command: "ADD", netns, containerId: pod, ifName: "other", conf: { name: "other" } });
      await bed.must("ip", "-n", pod, "tuntap", "add", "mode", "tap", "name", "foreign");
    }
  });
  afterEach(async () => {
    for (const pod of pods) await bed.must("ip", "netns", "del", pod);
  });

  test("removes this network's taps that nobody needs, in every namespace, and nothing else", async () => {
    const valid = [{ containerID: "a", ifname: "net1" }];
    await succeed(bed, { command: "GC", conf: { "cni.dev/valid-attachments": valid } });
    assert.deepEqual(await taps("a"), ["net1", "other", "foreign"]);
    assert.deepEqual(await taps("b"), ["other", "foreign"]);
  });

  test("takes the other spelling of the list, and both together", async () => {
    const conf = {
      "cni.dev/attachments": [{ containerID: "a", ifname: "net2" }],
      "cni.dev/valid-attachments": [{ containerID: "b", ifname: "net1" }],
    };
    await succeed(bed, { command: "GC", conf });
    assert.deepEqual(await taps("a"), ["net2", "other", "foreign"]);
    assert.deepEqual(await taps("b"), ["net1", "other", "foreign"]);
  });

  test("removes nothing without a list, and all of the network with an empty one", async () => {
    await succeed(bed, { command: "GC" });
    await succeed(bed, { command: "GC", conf: { "cni.dev/valid-attachments": null } });
    assert.deepEqual(await taps("a"), ["net1", "net2", "other", "foreign"]);
    await succeed(bed, { command: "GC", conf: { "cni.dev/valid-attachments": [] } });
    assert.deepEqual(await taps("a"), ["other", "foreign"]);
  });

  test("removes nothing when the list makes no sense", async () => {
    for (const list of ["all", [5], [{ containerID: "a" }], { containerID: "a" }]) {
      const error = await fail(bed, { command: "GC", conf: { "cni.dev/valid-attachments": list } });
      assert.equal(error.code, 7);
    }
    assert.equal((await taps("a")).length, 4);
  });

  test("is not stopped by stale files among the namespaces", async () => {
    bed.write("/run/netns/stale", "");
    bed.write("/run/netns/.hidden/file", "");
    await succeed(bed, { command: "GC", conf: { "cni.dev/valid-attachments": [] } });
    assert.deepEqual(await taps("b"), ["other", "foreign"]);
    await bed.must("rm", "-r", "/run/netns/stale", "/run/netns/.hidden");
  });
});

describe("STATUS", () => {
  test("succeeds silently where ADD can be served", async () => {
    assert.equal(await succeed(bed, { command: "STATUS", env: { CNI_CONTAINERID: "", CNI_IFNAME: "" } }), undefined);
  });

  test("needs the agent in main mode with the VM's size only", async () => {
    const conf = { sizing: "vm", mode: "main" };
    const error = await fail(bed, { command: "STATUS", conf });
    assert.deepEqual([error.code, error.msg], [50, "cannot serve ADD: mqtap's agent does not run on this node"]);
    assert.equal(await succeed(bed, { command: "STATUS", conf: { sizing: "vm" } }), undefined);
    assert.equal(await succeed(bed, { command: "STATUS", conf: { sizing: "vm", mode: "companion" } }), undefined);
    await using _agent = await FakeAgent.listen(bed, () => undefined);
    assert.equal(await succeed(bed, { command: "STATUS", conf }), undefined);
  });

  test("says that /dev/net/tun is missing, but never in a chain", async () => {
    await bed.must("mount", "-t", "tmpfs", "tmpfs", "/dev/net");
    try {
      const error = await fail(bed, { command: "STATUS" });
      assert.deepEqual([error.code, error.msg], [50, "cannot serve ADD: /dev/net/tun is missing: load the tun module"]);
      assert.equal(await succeed(bed, { command: "STATUS", conf: { sizing: "vm" } }), undefined);
      const netns = await bed.addNamespace("no-tun");
      const refusal = await fail(bed, { command: "ADD", netns });
      assert.equal(refusal.code, 103);
    } finally {
      await bed.must("umount", "/dev/net");
    }
  });

  test("refuses a configuration that ADD would refuse", async () => {
    assert.equal((await fail(bed, { command: "STATUS", conf: { queues: 0 } })).code, 7);
    assert.equal((await fail(bed, { command: "STATUS", conf: { name: "a/b" } })).code, 7);
  });
});
