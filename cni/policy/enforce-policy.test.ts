import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { companion, FakeNode, launcher, podArgs, prevResult, tap0 } from "../../test/fakes/fake-node.ts";
import { policyPath } from "./policy.ts";

function nodeWith(policy: unknown): FakeNode {
  const node = new FakeNode();
  node.sys.files.set(policyPath, typeof policy === "string" ? policy : JSON.stringify(policy));
  return node;
}

describe("an ADD under a policy", () => {
  const refused: Record<string, { policy: unknown; conf: Record<string, unknown>; msg: string }> = {
    "another owner": {
      policy: {},
      conf: { owner: 0 },
      msg: `"owner": 0 is not allowed by ${policyPath}: add 0 to "owners", or remove the field`,
    },
    "another group": {
      policy: { groups: [5] },
      conf: { group: 107 },
      msg: `"group": 107 is not allowed by ${policyPath}: add 107 to "groups", or remove the field`,
    },
    "an owner in another case": {
      policy: { owners: [] },
      conf: { OWNER: 107 },
      msg: `"owner": 107 is not allowed by ${policyPath}: add 107 to "owners", or remove the field`,
    },
    "a label": {
      policy: {},
      conf: { selinuxContext: "system_u:system_r:spc_t:s0" },
      msg: `"selinuxContext": "system_u:system_r:spc_t:s0" is not allowed by ${policyPath}: add "system_u:system_r:spc_t:s0" to "selinuxContexts", or remove the field`,
    },
    "an IPAM plugin": {
      policy: {},
      conf: { ipam: { type: "dhcp" } },
      msg: `"ipam.type": "dhcp" is not allowed by ${policyPath}: add "dhcp" to "ipam", or use another plugin`,
    },
    "a path of an IPAM plugin": {
      policy: {},
      conf: { ipam: { type: "host-local", dataDir: "/tmp" } },
      msg: `"ipam.dataDir": "/tmp" is not allowed by ${policyPath}: add a directory above it to "ipamPaths", or remove the field`,
    },
  };
  for (const [what, { policy, conf, msg }] of Object.entries(refused)) {
    test(`is refused ${what} before anything happens, with the setting that would allow it`, () => {
      const node = nodeWith(policy);
      assert.deepEqual(node.fail("ADD", conf), [109, msg]);
      assert.deepEqual(node.names(), ["lo"]);
      assert.equal(
        node.kernel.log.some((step) => step.startsWith("createTap")),
        false,
      );
      assert.equal(node.sys.executions.length, 0);
    });
  }

  test('gets what is listed, and what "any" lets pass', () => {
    nodeWith({ owners: [1000], groups: "any" }).succeed("ADD", { owner: 1000, group: 4294967294 });
  });

  test("gets anything without a policy", () => {
    new FakeNode().succeed("ADD", { owner: 0, group: 0 });
  });

  test("is not judged by what it does not ask for: the default owner, or the agent's", () => {
    nodeWith({ owners: [], groups: [] }).succeed("ADD");
    const node = nodeWith({ owners: [], groups: [] });
    node.answer({ ...tap0, kind: "tap", queues: 4, tapName: "tap0", owner: 1000, group: 1000 });
    node.succeed("ADD", companion, launcher);
    assert.equal(node.pod.find("tap0")?.tap?.owner, 1000);
  });

  test("is refused while the file cannot be used, and DEL goes on", () => {
    const node = new FakeNode();
    node.succeed("ADD");
    node.sys.files.set(policyPath, "{");
    const [code, msg] = node.fail("ADD", {}, { CNI_IFNAME: "eth1" });
    assert.deepEqual([code, /^cannot use \/etc\/cni\/mqtap\/policy.json: it is not JSON/.test(msg)], [108, true]);
    assert.deepEqual(node.names(), ["lo", "eth0"]);
    node.succeed("DEL");
    assert.deepEqual(node.names(), ["lo"]);
  });

  test("comes back when the node is short of descriptors", () => {
    const node = new FakeNode();
    node.sys.files.set(policyPath, { fails: "EMFILE" });
    assert.equal(node.fail("ADD")[0], 11);
  });

  test("passes in a chain where the pod gets no tap, whatever is in the file", () => {
    const handedOn = nodeWith("{").succeed("ADD", companion, podArgs("web"));
    assert.deepEqual(JSON.parse(handedOn), prevResult);
    assert.equal(nodeWith("{").fail("ADD", companion, launcher)[0], 108);
  });

  test("makes a tap of no owner that the policy does not list", () => {
    const id = fc.constantFrom(0, 5, 107, 1000);
    const allowed = fc.oneof(fc.constant("any" as const), fc.array(id));
    fc.assert(
      fc.property(allowed, fc.option(id, { nil: undefined }), (owners, owner) => {
        const node = nodeWith({ owners });
        const { exitStatus } = node.call("ADD", { owner });
        const isAllowed = owner === undefined || owners === "any" || owners.includes(owner);
        assert.equal(exitStatus === 0, isAllowed);
        assert.equal(node.pod.find("eth0")?.tap?.owner, isAllowed ? (owner ?? 107) : undefined);
      }),
    );
  });
});
