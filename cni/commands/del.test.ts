import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { companion, FakeNode, launcher, netns, tap0 } from "../../test/fakes/fake-node.ts";

describe("DEL", () => {
  test("removes the attachment's tap in every mode, without agent and prevResult", () => {
    const node = new FakeNode();
    node.succeed("ADD", { queues: 2 });
    node.succeed("DEL");
    node.answer(tap0);
    node.succeed("ADD", companion, launcher);
    node.sys.connections = [{ kind: "refused", code: "ENOENT" }];
    node.succeed("DEL");
    node.answer({ ...tap0, kind: "tap", tapName: "tap16477688c0e", queues: 2, owner: 107, group: 107 });
    const binding = { sizing: "vm", args: { cni: { logicNetworkName: "blue" } } };
    node.succeed("ADD", binding, { ...launcher, CNI_IFNAME: "net1" });
    assert.deepEqual(node.names(), ["lo", "tap16477688c0e"]);
    node.succeed("DEL", {}, { CNI_IFNAME: "net1" });
    assert.deepEqual(node.names(), ["lo"]);
  });

  test("never removes what does not carry the attachment's mark", () => {
    const alias = fc.option(
      fc.oneof(
        fc.string(),
        fc.constant("mqtap/1 q=4 m=adopted"),
        fc.constant(`mqtap/1 q=4 m=main n=${"0".repeat(16)} a=${"0".repeat(32)}`),
      ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(alias, fc.constantFrom("eth0", "tap0", "x"), (text, name) => {
        const node = new FakeNode();
        node.pod.addTap(name, { alias: text });
        node.succeed("DEL");
        assert.deepEqual(node.names(), ["lo", name]);
      }),
    );
  });

  test("touches nothing in the node's own namespace, where the plugin has one for itself", () => {
    const node = new FakeNode();
    node.succeed("ADD");
    node.kernel.host = node.pod;
    assert.match(node.fail("DEL")[1], /it is the node's own/);
    assert.deepEqual(node.names(), ["lo", "eth0"]);
  });

  test("touches nothing in the plugin's own namespace", () => {
    const node = new FakeNode();
    node.kernel.linkNamespace(netns, node.kernel.own);
    assert.equal(node.fail("DEL")[0], 8);
    assert.deepEqual(node.kernel.log, [`openNamespace ${netns}`]);
  });

  test("tells when the kernel refuses to remove the tap", () => {
    const node = new FakeNode();
    node.succeed("ADD");
    node.kernel.failNext("deleteLink", "EPERM");
    assert.equal(node.fail("DEL")[0], 102);
  });
});
