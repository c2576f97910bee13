import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeIpam, ipamResult } from "../../test/fakes/fake-ipam.ts";
import { syscallError } from "../../test/fakes/fake-namespace.ts";
import { companion, FakeNode, launcher, netns } from "../../test/fakes/fake-node.ts";
import { formatIpAddress, formatIpPrefix } from "../netlink/ip-text.ts";
import type { Executed } from "../sys/syscalls.ts";

const conf = { type: "mqtap", ipam: { type: "host-local", subnet: "10.0.0.0/24" } };

function nodeWithIpam(): { readonly node: FakeNode; readonly ipam: FakeIpam } {
  const node = new FakeNode();
  return { node, ipam: new FakeIpam(node) };
}

describe("ADD with addresses", () => {
  test("asks the plugin while the tap is up and would still go, and persists it when it has its addresses", () => {
    const { node, ipam } = nodeWithIpam();
    const kernelSteps = () => node.kernel.log.map((entry) => entry.split(" ")[0]);
    const before = ["openNamespace", "findLink", "openAddressing", "createTap"];
    const operations = ["setOwner", "setGroup", "setAlias", "setQdisc", "setUp"];
    ipam.answers.set("ADD", () => {
      assert.deepEqual(kernelSteps(), [...before, ...operations]);
      const { isUp, tap } = node.pod.find("eth0") ?? {};
      assert.deepEqual([isUp, tap?.isPersistent], [true, false]);
      return { status: 0, stdout: JSON.stringify(ipamResult) };
    });
    const result = JSON.parse(node.succeed("ADD", conf));
    assert.deepEqual(kernelSteps().slice(before.length + operations.length), [
      "announceByArp",
      "enableIpv6",
      "addAddress",
      "addAddress",
      "addRoute",
      "addRoute",
      "persist",
    ]);
    const index = node.pod.find("eth0")?.index ?? 0;
    assert.deepEqual(node.pod.ip.addresses(index).map(formatIpPrefix), ["10.0.0.5/24", "fd00::5/64"]);
    const gateways = node.pod.ip.routes(index).flatMap(({ gateway }) => (gateway ? [formatIpAddress(gateway)] : []));
    assert.deepEqual(gateways, ["10.0.0.1", "fd00::1"]);
    assert.deepEqual(
      result.ips.map((ip: { interface: number; address: string }) => [ip.interface, ip.address]),
      [
        [0, "10.0.0.5/24"],
        [0, "fd00::5/64"],
      ],
    );
  });

  test("gives the plugin the configuration as it was validated, and every variable", () => {
    const { node } = nodeWithIpam();
    // Go would keep the first one's dataDir.
    const twice = `"IPAM":{"type":"x","dataDir":"/etc"},"IPAM":{"type":"host-local"}`;
    const text = `{"cniVersion":"1.1.0", "name":"net","other":[1.5],${twice}}\n`;
    node.succeed("ADD", text, { CNI_ARGS: "IP=10.0.0.7", CNI_PATH: "relative::/nowhere:/opt/cni/bin:/usr/lib/cni" });
    assert.deepEqual(node.sys.executions, [
      {
        path: "/opt/cni/bin/host-local",
        argv: ["/opt/cni/bin/host-local"],
        variables: {
          CNI_COMMAND: "ADD",
          CNI_CONTAINERID: "c1",
          CNI_NETNS: netns,
          CNI_IFNAME: "eth0",
          CNI_ARGS: "IP=10.0.0.7",
          CNI_PATH: "relative::/nowhere:/opt/cni/bin:/usr/lib/cni",
        },
        stdin: `{"cniVersion":"1.1.0","name":"net","other":[1.5],"IPAM":{"type":"host-local"}}`,
      },
    ]);
  });

  test("is told in 0.2.0, which knows nothing but addresses", () => {
    const { node } = nodeWithIpam();
    const result = JSON.parse(node.succeed("ADD", { ...conf, cniVersion: "0.2.0" }));
    assert.deepEqual([result.ip4.ip, result.ip6.ip], ["10.0.0.5/24", "fd00::5/64"]);
  });

  test("sets nothing of IPv6 where no address is", () => {
    const { node, ipam } = nodeWithIpam();
    ipam.answers.set("ADD", { status: 0, stdout: '{"ips":[{"address":"10.0.0.5/24"}]}' });
    node.succeed("ADD", conf);
    assert.ok(!node.kernel.log.some((entry) => entry.startsWith("enableIpv6")));
  });

  test("switches IPv6 on where a runtime switched it off", () => {
    const { node } = nodeWithIpam();
    for (const name of ["lo", "eth0"]) node.pod.ip.withoutIpv6.add(name);
    node.succeed("ADD", conf);
  });

  for (const ipam of [null, {}, { type: "" }, { subnet: "10.0.0.0/24" }]) {
    test(`runs no plugin for "ipam": ${JSON.stringify(ipam)}`, () => {
      const { node } = nodeWithIpam();
      const result = JSON.parse(node.succeed("ADD", { ipam }));
      assert.deepEqual([result.ips, node.sys.executions], [undefined, []]);
    });
  }

  test("does what DEL would with its own leftover first, since plugins refuse an attachment that has an address", () => {
    const { node, ipam } = nodeWithIpam();
    node.succeed("ADD", conf);
    node.succeed("ADD", { ...conf, queues: 2 });
    assert.deepEqual(ipam.commands, ["ADD", "DEL", "ADD"]);
    assert.equal(node.names().length, 2);
    assert.equal(node.pod.find("eth0")?.tap?.isMultiQueue, true);
  });

  test("leaves a leftover that cannot be removed its addresses", () => {
    const { node, ipam } = nodeWithIpam();
    node.succeed("ADD", conf);
    node.kernel.failNext("deleteLink", "EPERM");
    assert.equal(node.fail("ADD", conf)[0], 102);
    assert.deepEqual([ipam.commands, [...ipam.reserved], node.names().length], [["ADD"], ["c1"], 2]);
  });

  test("releases the addresses of a leftover that is gone, whatever comes next", () => {
    const { node, ipam } = nodeWithIpam();
    node.succeed("ADD", conf);
    let times = 0;
    ipam.answers.set("DEL", () => {
      if (times++ === 0) throw syscallError("fork", "ENOMEM");
      ipam.reserved.clear();
      return { status: 0, stdout: "" };
    });
    assert.equal(node.fail("ADD", conf)[0], 11);
    assert.deepEqual([[...ipam.reserved], node.names()], [[], ["lo"]]);
  });

  test("asks no plugin while something else has the name", () => {
    const { node } = nodeWithIpam();
    node.pod.addLink("eth0");
    assert.equal(node.fail("ADD", conf)[0], 100);
    assert.equal(node.fail("ADD", { ...conf, bridge: "br0" }, { CNI_IFNAME: "net1" })[0], 105);
    node.kernel.linkNamespace(netns, node.kernel.own);
    assert.equal(node.fail("ADD", conf)[0], 8);
    assert.deepEqual(node.sys.executions, []);
  });

  test("is no companion's and no binding's affair", () => {
    const { node } = nodeWithIpam();
    const message =
      'unsupported field "ipam.type": "host-local": here it comes from the pod\'s interface and the VM: remove it';
    for (const [change, advice] of [
      [companion, ', or set "mode": "main"'],
      [{ sizing: "vm", args: { cni: { logicNetworkName: "blue" } } }, ""],
    ] as const) {
      assert.deepEqual(node.fail("ADD", { ...conf, ...change }, launcher), [2, `${message}${advice}`]);
    }
  });

  test("names a plugin that is in no directory", () => {
    const node = new FakeNode();
    const [code, msg] = node.fail("ADD", conf, { CNI_PATH: "/a:/b" });
    assert.equal(code, 121);
    assert.equal(
      msg,
      'cannot run the IPAM plugin "host-local": CNI_PATH has no such file: install it, or correct "ipam.type"',
    );
  });

  const types: Record<string, unknown> = { "a path": "../x", "the directory": "..", "this plugin": "mqtap" };
  for (const [what, type] of Object.entries(types)) {
    test(`refuses ${what} as a plugin before anything is opened`, () => {
      const { node } = nodeWithIpam();
      const [code, msg] = node.fail("ADD", { ...conf, ipam: { type } });
      assert.equal(code, 7);
      assert.match(msg, /"ipam.type": .*: use the file name of an IPAM plugin/);
      assert.deepEqual([node.kernel.log, node.sys.executions], [[], []]);
    });
  }

  const outcomes: Record<string, { executed: Executed | (() => never); code: number; msg: RegExp }> = {
    "an error": {
      executed: { status: 1, stdout: '{"code":999,"msg":"no addresses left","details":"in 10.0.0.0/24"}' },
      code: 120,
      msg: /^cannot get addresses: IPAM plugin "host-local": no addresses left$/,
    },
    "that it shall be tried again": {
      executed: { status: 1, stdout: '{"code":11,"msg":"busy"}' },
      code: 11,
      msg: /busy/,
    },
    "a code that is ours": { executed: { status: 1, stdout: '{"code":100,"msg":"x"}' }, code: 120, msg: /: x$/ },
    "an error without words": {
      executed: { status: 1, stdout: '{"code":7,"msg":""}' },
      code: 120,
      msg: /with code 7$/,
    },
    "no error document": {
      executed: { status: 3, stdout: "oops\n" },
      code: 120,
      msg: /ended with status 3 and printed "oops"/,
    },
    "nothing, killed": {
      executed: { status: 137, stdout: "" },
      code: 120,
      msg: /killed by signal 9 and printed nothing/,
    },
    "nothing, and succeeds": {
      executed: { status: 0, stdout: " \n" },
      code: 120,
      msg: /it printed nothing, which is no result/,
    },
    garbage: {
      executed: { status: 0, stdout: "<html>".repeat(99) },
      code: 120,
      msg: /it printed "(<html>)+.*…, which is no/,
    },
    "two documents": {
      executed: { status: 0, stdout: `${JSON.stringify(ipamResult)}\n{}` },
      code: 120,
      msg: /which is no result/,
    },
    "an array": { executed: { status: 0, stdout: "[]" }, code: 120, msg: /it printed "\[\]", which is no result/ },
    "megabytes of JSON": {
      executed: { status: 0, stdout: JSON.stringify({ ...ipamResult, x: "x".repeat(1 << 20) }) },
      code: 120,
      msg: /which is no result/,
    },
    "no address": { executed: { status: 0, stdout: '{"ips":[]}' }, code: 120, msg: /: it gave no address$/ },
    "an address that is none": {
      executed: { status: 0, stdout: '{"ips":[{"address":"10.0.0.300/24"}]}' },
      code: 120,
      msg: /its answer makes no sense: "address": "10.0.0.300\/24" is not an address with its prefix length$/,
    },
    "nothing, since it cannot be started": {
      executed: () => {
        throw syscallError("execve", "EACCES");
      },
      code: 120,
      msg: /it cannot be started \(EACCES\)/,
    },
    "more than can be read": {
      executed: () => {
        throw syscallError("read", "EFBIG");
      },
      code: 120,
      msg: /printed more than 8 MiB/,
    },
    "nothing, since the node is short of memory": {
      executed: () => {
        throw syscallError("fork", "ENOMEM");
      },
      code: 11,
      msg: /ENOMEM/,
    },
  };
  for (const [what, { executed, code, msg }] of Object.entries(outcomes)) {
    test(`fails with ${code} when the plugin says ${what}, and releases`, () => {
      const { node, ipam } = nodeWithIpam();
      ipam.answers.set("ADD", executed);
      const failure = node.fail("ADD", conf);
      assert.equal(failure[0], code);
      assert.match(failure[1], msg);
      assert.deepEqual([ipam.commands, [...ipam.reserved], node.names()], [["ADD", "DEL"], [], ["lo"]]);
    });
  }
});
