import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeIpam } from "../../test/fakes/fake-ipam.ts";
import { FakeNode, netns } from "../../test/fakes/fake-node.ts";
import { policyPath } from "../policy/policy.ts";

const conf = { type: "mqtap", ipam: { type: "host-local" } };

function attachedNode(): { readonly node: FakeNode; readonly ipam: FakeIpam } {
  const node = new FakeNode();
  const ipam = new FakeIpam(node);
  node.succeed("ADD", conf);
  return { node, ipam };
}

describe("DEL with addresses", () => {
  test("releases while the tap is there, and then removes it, as often as it is asked", () => {
    const { node, ipam } = attachedNode();
    const seen: (readonly string[])[] = [];
    ipam.answers.set("DEL", () => {
      seen.push(node.names());
      return { status: 0, stdout: "" };
    });
    for (let time = 0; time < 2; time++) assert.equal(node.succeed("DEL", conf), "");
    assert.deepEqual(
      [ipam.commands, seen],
      [
        ["ADD", "DEL", "DEL"],
        [["lo", "eth0"], ["lo"]],
      ],
    );
    assert.deepEqual(node.names(), ["lo"]);
  });

  test("releases where the namespace is gone, or was never told", () => {
    for (const change of [{ CNI_NETNS: "" }, { CNI_NETNS: "/run/netns/gone" }]) {
      const { node, ipam } = attachedNode();
      node.succeed("DEL", conf, change);
      assert.deepEqual([...ipam.reserved], []);
    }
  });

  test("touches nothing in the plugin's own namespace", () => {
    const { node, ipam } = attachedNode();
    node.kernel.linkNamespace(netns, node.kernel.own);
    assert.equal(node.fail("DEL", conf)[0], 8);
    assert.deepEqual(ipam.commands, ["ADD"]);
  });

  test("releases though the namespace cannot be opened, once, and fails", () => {
    const { node, ipam } = attachedNode();
    node.kernel.failNext("openNamespace", "EMFILE");
    assert.equal(node.fail("DEL", conf)[0], 11);
    assert.deepEqual([[...ipam.reserved], ipam.commands], [[], ["ADD", "DEL"]]);
  });

  test("releases though the tap cannot be removed, and fails", () => {
    const { node, ipam } = attachedNode();
    node.kernel.failNext("deleteLink", "EPERM");
    assert.equal(node.fail("DEL", conf)[0], 102);
    assert.deepEqual([...ipam.reserved], []);
  });

  test("fails when the plugin fails, with the tap gone, and succeeds when asked again", () => {
    const { node, ipam } = attachedNode();
    ipam.failWith("DEL", { code: 999, msg: "disk full" });
    assert.deepEqual(node.fail("DEL", conf), [120, 'cannot release addresses: IPAM plugin "host-local": disk full']);
    assert.deepEqual(node.names(), ["lo"]);
    ipam.answers.clear();
    node.succeed("DEL", conf);
    assert.deepEqual([...ipam.reserved], []);
  });

  test("tells both when both fail", () => {
    const { node, ipam } = attachedNode();
    node.kernel.failNext("deleteLink", "EPERM");
    ipam.failWith("DEL", { code: 999, msg: "disk full" });
    assert.equal(node.fail("DEL", conf)[0], 102);
    assert.match(node.logged.join("\n"), /disk full/);
  });

  test("fails while the plugin is not installed", () => {
    const { node } = attachedNode();
    node.sys.programs.clear();
    assert.equal(node.fail("DEL", conf)[0], 121);
    assert.deepEqual(node.names(), ["lo"]);
  });

  test("runs nothing for a configuration that no ADD took", () => {
    const { node, ipam } = attachedNode();
    node.succeed("DEL", { ...conf, queues: 0 });
    assert.deepEqual([ipam.commands, node.names()], [["ADD"], ["lo"]]);
    assert.match(node.logged.join("\n"), /the IPAM plugin is not run: invalid "queues": 0/);
  });

  const skipped: Record<string, { ipam: unknown; logged: RegExp }> = {
    "a path": { ipam: { type: "../../bin/sh" }, logged: /"ipam.type": "..\/..\/bin\/sh" is no file name/ },
    "a number": { ipam: { type: 5 }, logged: /"ipam.type": 5: use a string/ },
    "text instead of an object": { ipam: "host-local", logged: /"ipam": "host-local": use an object/ },
    "this plugin itself": { ipam: { type: "mqtap" }, logged: /is this plugin itself/ },
  };
  for (const [what, { ipam: value, logged }] of Object.entries(skipped)) {
    test(`runs nothing for ${what}, which no ADD took`, () => {
      const { node, ipam } = attachedNode();
      node.succeed("DEL", { ...conf, ipam: value });
      assert.deepEqual(ipam.commands, ["ADD"]);
      assert.match(node.logged.join("\n"), logged);
      assert.deepEqual(node.names(), ["lo"]);
    });
  }

  for (const value of [null, {}, { type: "" }, { type: null }]) {
    test(`has nothing to say of "ipam": ${JSON.stringify(value)}`, () => {
      const { node, ipam } = attachedNode();
      node.succeed("DEL", { ...conf, ipam: value });
      assert.deepEqual([ipam.commands, node.logged], [["ADD"], []]);
    });
  }

  test("runs the usual plugins alone while the policy cannot be read", () => {
    const { node, ipam } = attachedNode();
    node.sys.programs.set("/opt/cni/bin/sh", () => assert.fail("it ran"));
    node.sys.files.set(policyPath, "{");
    node.succeed("DEL", { ...conf, ipam: { type: "sh" } });
    node.succeed("DEL", conf);
    assert.deepEqual([...ipam.reserved], []);
  });
});

describe("GC with addresses", () => {
  test("forwards after its own removal, with the runtime's list", () => {
    const { node, ipam } = attachedNode();
    node.sys.directories.set("/run/netns", ["pod"]);
    ipam.answers.set("GC", () => {
      assert.deepEqual(node.names(), ["lo"]);
      return { status: 0, stdout: "" };
    });
    node.succeed("GC", { ...conf, "cni.dev/valid-attachments": [] });
    assert.equal(ipam.commands.at(-1), "GC");
    assert.match(node.sys.executions.at(-1)?.stdin ?? "", /valid-attachments/);
  });

  test("tells what the plugin could not do, beside what it could not do itself", () => {
    const { node, ipam } = attachedNode();
    node.sys.directories.set("/run/netns", ["pod"]);
    node.kernel.failNext("deleteLink", "EPERM");
    ipam.failWith("GC", { code: 999, msg: "disk full" });
    const { stdout } = node.call("GC", { ...conf, "cni.dev/valid-attachments": [] });
    const { code, details } = JSON.parse(stdout);
    assert.equal(code, 106);
    assert.match(details, /eth0.*EPERM.*; cannot collect addresses: IPAM plugin "host-local": disk full$/);
  });

  test("forwards without a list too, and removes no tap", () => {
    const { node, ipam } = attachedNode();
    node.succeed("GC", conf);
    assert.deepEqual([ipam.commands.at(-1), node.names().length], ["GC", 2]);
  });
});

describe("STATUS with addresses", () => {
  const answers: Record<string, { document: Record<string, unknown>; code: number }> = {
    "cannot serve": { document: { code: 50, msg: "no addresses" }, code: 50 },
    "cannot serve those that are there": { document: { code: 51, msg: "no addresses" }, code: 51 },
    "something else": { document: { code: 999, msg: "no addresses" }, code: 50 },
  };
  for (const [what, { document, code }] of Object.entries(answers)) {
    test(`fails with ${code} when the plugin says "${what}"`, () => {
      const { node, ipam } = attachedNode();
      ipam.failWith("STATUS", document);
      assert.deepEqual(node.fail("STATUS", conf), [code, 'cannot serve ADD: IPAM plugin "host-local": no addresses']);
    });
  }

  test("succeeds when the plugin does, and asks none where the plugin may be a companion", () => {
    const { node, ipam } = attachedNode();
    node.succeed("STATUS", conf);
    assert.equal(ipam.commands.at(-1), "STATUS");
    node.succeed("STATUS", { ...conf, sizing: "vm" });
    assert.equal(ipam.commands.length, 2);
    assert.equal(node.fail("STATUS", { ipam: { type: "dhcp" } })[0], 121);
  });
});

describe("CHECK with addresses", () => {
  const prevOf = (node: FakeNode): Record<string, unknown> => JSON.parse(node.succeed("ADD", conf));

  test("asks the plugin once the kernel agrees", () => {
    const { node, ipam } = attachedNode();
    const prevResult = prevOf(node);
    assert.equal(node.succeed("CHECK", { ...conf, prevResult }), "");
    assert.equal(ipam.commands.at(-1), "CHECK");
    ipam.failWith("CHECK", { code: 999, msg: "never heard of it" });
    assert.deepEqual(node.fail("CHECK", { ...conf, prevResult }), [
      120,
      'cannot confirm addresses: IPAM plugin "host-local": never heard of it',
    ]);
  });

  const faults: Record<string, { change: (prev: Record<string, unknown>) => Record<string, unknown>; why: RegExp }> = {
    "an address that is not on the link": {
      change: (prev) => ({ ...prev, ips: [{ interface: 0, address: "10.0.0.6/24" }] }),
      why: /it lost its address 10.0.0.6\/24$/,
    },
    "an address with another prefix": {
      change: (prev) => ({ ...prev, ips: [{ interface: 0, address: "10.0.0.5/25" }] }),
      why: /it lost its address/,
    },
    "no address of the tap": {
      change: (prev) => ({ ...prev, ips: [{ interface: 1, address: "10.0.0.5/24" }] }),
      why: /prevResult has no address of it$/,
    },
    "a route that is gone": {
      change: (prev) => ({ ...prev, routes: [{ dst: "10.9.0.0/16" }] }),
      why: /its route to 10.9.0.0\/16 is gone$/,
    },
    "a route that goes elsewhere": {
      change: (prev) => ({ ...prev, routes: [{ dst: "0.0.0.0/0", gw: "10.0.0.9" }] }),
      why: /its route to 0.0.0.0\/0 is gone$/,
    },
  };
  for (const [what, { change, why }] of Object.entries(faults)) {
    test(`tells ${what}`, () => {
      const { node } = attachedNode();
      const [code, msg] = node.fail("CHECK", { ...conf, prevResult: change(prevOf(node)) });
      assert.equal(code, 104);
      assert.match(msg, why);
    });
  }

  test("leaves the addresses of other plugins to them, and finds their routes on their links", () => {
    const { node } = attachedNode();
    const prev = prevOf(node);
    const other = node.pod.addLink("net1", { isUp: true });
    const address = { address: new Uint8Array([10, 7, 0, 2]), prefixLength: 24 };
    node.pod.ip.addAddress(other.index, address);
    const route = { mtuBytes: undefined, advmss: undefined, priority: undefined, table: undefined, scope: undefined };
    const destination = { address: new Uint8Array([10, 8, 0, 0]), prefixLength: 16 };
    node.pod.ip.addRoute(other.index, { ...route, destination, gateway: undefined });
    const prevResult = {
      ...prev,
      interfaces: [...Object(prev["interfaces"]), { name: "net1", sandbox: netns }],
      ips: [...Object(prev["ips"]), { interface: 1, address: "10.6.0.9/24" }],
      routes: [...Object(prev["routes"]), { dst: "10.8.0.0/16" }],
    };
    node.succeed("CHECK", { ...conf, prevResult });
  });
});
