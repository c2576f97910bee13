import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeIpam, ipamResult } from "../../test/fakes/fake-ipam.ts";
import { FakeNode } from "../../test/fakes/fake-node.ts";

const conf = { type: "mqtap", ipam: { type: "host-local", subnet: "10.0.0.0/24" } };

function nodeWithIpam(): { readonly node: FakeNode; readonly ipam: FakeIpam } {
  const node = new FakeNode();
  return { node, ipam: new FakeIpam(node) };
}

describe("ADD with addresses, released", () => {
  test("gets an address though a killed ADD left one reserved", () => {
    const { node, ipam } = nodeWithIpam();
    ipam.reserved.add("c1");
    node.succeed("ADD", conf);
    assert.deepEqual(ipam.commands, ["ADD", "DEL", "ADD"]);
    assert.match(node.logged.join("\n"), /asking again after a release: .*duplicate allocation/);
  });

  const stepsByCommands = {
    "": ["openAddressing", "createTap", "setOwner", "setUp"],
    "ADD DEL": ["announceByArp", "enableIpv6", "addAddress", "addRoute", "persist"],
  } as const;
  for (const [commands, steps] of Object.entries(stepsByCommands)) {
    for (const step of steps) {
      test(`leaves neither tap nor address when the kernel refuses ${step}`, () => {
        const { node, ipam } = nodeWithIpam();
        node.kernel.failNext(step, "EPERM");
        assert.equal(node.fail("ADD", conf)[0], 102);
        assert.equal(ipam.commands.join(" "), commands);
        assert.deepEqual([[...ipam.reserved], node.names()], [[], ["lo"]]);
        node.succeed("ADD", conf);
      });
    }
  }

  test("tells the first error when the release fails too, and logs the second", () => {
    const { node, ipam } = nodeWithIpam();
    ipam.failWith("DEL", { code: 5, msg: "disk gone" });
    node.kernel.failNext("persist", "EPERM");
    assert.equal(node.fail("ADD", conf)[0], 102);
    assert.deepEqual(node.logged, ['warn: cannot release addresses: IPAM plugin "host-local": disk gone']);
  });

  test("asks no plugin when the result cannot be written", () => {
    const { node, ipam } = nodeWithIpam();
    for (const prevResult of [{ interfaces: 5 }, { ips: {} }, { routes: "x" }]) {
      assert.equal(node.fail("ADD", { ...conf, prevResult })[0], 7);
      assert.deepEqual([ipam.commands, node.names()], [[], ["lo"]]);
    }
  });

  test("takes a route that the kernel has already, and no other", () => {
    const { node, ipam } = nodeWithIpam();
    const route = { dst: "10.9.0.0/16", gw: "10.0.0.9" };
    ipam.answers.set("ADD", { status: 0, stdout: JSON.stringify({ ...ipamResult, routes: [route, route] }) });
    node.succeed("ADD", conf);
    node.succeed("DEL", conf);
    node.kernel.failNext("addRoute", "EEXIST");
    assert.equal(node.fail("ADD", conf)[0], 102);
  });
});
