import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeNode } from "../../test/fakes/fake-node.ts";

describe("GC", () => {
  test("goes on after a failure, reports it, and never enters the plugin's own namespace", () => {
    const node = new FakeNode();
    const other = node.kernel.addNamespace("/run/netns/other");
    node.kernel.linkNamespace("/run/netns/own", node.kernel.own);
    node.kernel.linkNamespace("/var/run/netns/pod", node.pod);
    node.sys.directories.set("/run/netns", ["own", "gone", "pod", "other"]);
    node.sys.directories.set("/var/run/netns", ["pod"]);
    node.succeed("ADD", { queues: 2 });
    node.succeed("ADD", {}, { CNI_NETNS: "/run/netns/other" });
    node.kernel.own.addTap("mine", { alias: node.pod.find("eth0")?.alias });
    node.kernel.failNext("deleteLink", "EPERM");
    const [code] = node.fail("GC", { "cni.dev/valid-attachments": [] });
    assert.equal(code, 106);
    assert.deepEqual([node.names(), other.list().length], [["lo", "eth0"], 1]);
    node.succeed("GC", { "cni.dev/valid-attachments": [] });
    assert.deepEqual(node.names(), ["lo"]);
    assert.ok(node.kernel.own.find("mine"));
  });
});
