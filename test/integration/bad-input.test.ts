// Malformed environments and configurations: one error document with the right code, and nothing is made.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Bed } from "./bed.ts";
import { fail, invoke, type PluginCall, succeed } from "./plugin.ts";

let bed: Bed;
let netns: string;
before(async () => {
  bed = await Bed.open();
  netns = await bed.addNamespace("pod");
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

interface BadCall {
  readonly call: Partial<PluginCall>;
  readonly code: number;
  readonly msg: RegExp;
}

describe("bad input", () => {
  const calls: Record<string, BadCall> = {
    "stdin is empty": { call: { conf: "" }, code: 6, msg: /not JSON/ },
    "stdin is half a document": { call: { conf: '{"name":"n"' }, code: 6, msg: /not JSON/ },
    "stdin has two documents": { call: { conf: '{"name":"n"} {"name":"n"}' }, code: 6, msg: /not JSON/ },
    "stdin is an array": { call: { conf: "[]" }, code: 6, msg: /not a JSON object/ },
    "stdin is null": { call: { conf: "null" }, code: 7, msg: /missing network name/ },
    "stdin is deeply nested": { call: { conf: "[".repeat(100_000) }, code: 6, msg: /nested too deeply/ },
    "stdin is not UTF-8": { call: { conf: '{"name":"\udc80"}' }, code: 7, msg: /invalid "name"/ },
    "the name is missing": { call: { conf: '{"cniVersion":"1.1.0"}' }, code: 7, msg: /missing network name/ },
    "the name is a path": { call: { conf: { name: "../x" } }, code: 7, msg: /invalid "name"/ },
    "the version is unknown": { call: { conf: { cniVersion: "9.0.0" } }, code: 1, msg: /incompatible CNI versions/ },
    "the version is a number": { call: { conf: { cniVersion: 1 } }, code: 6, msg: /"cniVersion": 1/ },
    "the verb is unknown": { call: { command: "add" }, code: 4, msg: /unknown CNI_COMMAND: "add"/ },
    "variables are missing": {
      call: { env: { CNI_CONTAINERID: "", CNI_PATH: "" } },
      code: 4,
      msg: /^required env variables \[CNI_CONTAINERID,CNI_PATH\] missing$/,
    },
    "the container id is a path": { call: { containerId: "../c1" }, code: 4, msg: /invalid CNI_CONTAINERID/ },
    "the interface name is long": { call: { ifName: "x".repeat(16) }, code: 4, msg: /invalid CNI_IFNAME.*15 bytes/ },
    "the interface name is long in bytes": { call: { ifName: "ö".repeat(8) }, code: 4, msg: /15 bytes/ },
    "the interface name is a kernel template": { call: { ifName: "a%d" }, code: 4, msg: /contains "%"/ },
    "the interface name is an option": { call: { ifName: "-a" }, code: 4, msg: /begins with "-"/ },
    "CNI_ARGS is malformed": { call: { args: "a" }, code: 4, msg: /"a" is not of the form KEY=VALUE/ },
    "CNI_ARGS has unknown keys": { call: { args: "COLOUR=red" }, code: 4, msg: /unknown keys \[COLOUR\]/ },
    "CNI_ARGS has a bad MAC": { call: { args: "MAC=xyz" }, code: 4, msg: /MAC=xyz is no MAC address/ },
    "the namespace is not there": {
      call: { netns: "/run/netns/gone" },
      code: 8,
      msg: /"\/run\/netns\/gone".*not there/,
    },
    "the namespace is a plain file": { call: { netns: "/etc/hostname" }, code: 8, msg: /no network namespace/ },
    "the namespace is a directory": { call: { netns: "/run" }, code: 8, msg: /no network namespace/ },
    "the namespace is the plugin's own": { call: { netns: "/proc/self/ns/net" }, code: 8, msg: /the plugin's own/ },
    "multiQueue is a count": { call: { conf: { multiQueue: 4 } }, code: 7, msg: /"multiQueue": 4: .*"queues"/ },
    "queues are too many": { call: { conf: { queues: 257 } }, code: 7, msg: /"queues": 257/ },
    "the mtu is too large": { call: { conf: { mtu: 65522 } }, code: 7, msg: /"mtu": 65522/ },
    "the mac is multicast": { call: { conf: { mac: "01:00:5e:00:00:01" } }, code: 7, msg: /multicast/ },
    "the owner is no uid": { call: { conf: { owner: -1 } }, code: 7, msg: /"owner": -1/ },
    "the bridge is not there": {
      call: { conf: { bridge: "br0" } },
      code: 105,
      msg: /"bridge": "br0".*no such interface/,
    },
    "the bridge is none": { call: { conf: { bridge: "lo" } }, code: 105, msg: /"bridge": "lo"/ },
    "the IPAM plugin is a path": {
      call: { conf: { ipam: { type: "../../bin/sh" } } },
      code: 7,
      msg: /"ipam.type": "..\/..\/bin\/sh" is no file name/,
    },
    "the IPAM plugin is nowhere": {
      call: { conf: { ipam: { type: "nowhere" } } },
      code: 121,
      msg: /"nowhere": CNI_PATH has no such file/,
    },
    "the SELinux label is none": {
      call: { conf: { selinuxContext: "container_t" } },
      code: 7,
      msg: /"selinuxContext": "container_t": it has not the form user:role:type/,
    },
    "the kernel does not take the SELinux label": {
      call: { conf: { selinuxContext: "a:b:c" } },
      code: 2,
      msg: /"selinuxContext": "a:b:c": the node's kernel does not take/,
    },
    "prevResult is an array": { call: { conf: { prevResult: [] } }, code: 7, msg: /invalid "prevResult"/ },
    "a companion has no plugin before it": {
      call: { conf: { sizing: "vm", mode: "companion" } },
      code: 7,
      msg: /no plugin ran before/,
    },
    "a VM's tap is wanted without a pod": { call: { conf: { sizing: "vm" } }, code: 4, msg: /K8S_POD_NAME/ },
  };
  for (const [what, { call, code, msg }] of Object.entries(calls)) {
    test(`ADD gives code ${code} and makes nothing when ${what}`, async () => {
      const error = await fail(bed, { command: "ADD", netns, ...call });
      assert.match(error.msg, msg);
      assert.equal(error.code, code);
      assert.deepEqual(
        (await bed.links("pod")).map(({ ifname }) => ifname),
        ["lo"],
      );
    });
  }

  test("a refused call leaves the plugin's own namespace alone", async () => {
    const links: readonly { ifname: string }[] = JSON.parse(await bed.must("ip", "-j", "link"));
    assert.deepEqual(
      links.map(({ ifname }) => ifname),
      ["lo"],
    );
  });

  test("the node's own namespace is refused where the plugin has one for itself", async () => {
    // Process 1 of a new pid namespace stands for the node's, in the bed's network namespace.
    const inside = "unshare --net /run/bin/mqtap";
    const argv = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", `${inside}; exit $?`];
    const error = await fail(bed, { command: "ADD", netns: "/proc/1/ns/net", argv });
    assert.equal(error.code, 8);
    assert.match(error.msg, /it is the node's own/);
    assert.deepEqual(await bed.must("ip", "-o", "link", "show", "type", "tun"), "");
  });

  test("CNI_NETNS_OVERRIDE insists on the plugin's own namespace", async () => {
    const call = { netns: "/proc/self/ns/net", ifName: "own0", env: { CNI_NETNS_OVERRIDE: "1" } };
    await succeed(bed, { command: "ADD", ...call });
    await fail(bed, { command: "DEL", ...call, env: {} });
    assert.match(await bed.must("ip", "link", "show", "own0"), /own0/);
    await succeed(bed, { command: "DEL", ...call });
    const links: readonly unknown[] = JSON.parse(await bed.must("ip", "-j", "link"));
    assert.equal(links.length, 1);
  });

  test("a configuration of a megabyte is read whole", async () => {
    const conf = { padding: "x".repeat(1_000_000), queues: 2 };
    await succeed(bed, { command: "ADD", netns, conf });
    await succeed(bed, { command: "DEL", netns, conf });
  });

  const deletions: Record<string, Partial<PluginCall>> = {
    "there is no namespace": { netns: "" },
    "the namespace is gone": { netns: "/run/netns/gone" },
    "the namespace is a stale plain file": { netns: "/etc/hostname" },
    "ADD would refuse the configuration": { conf: { queues: 0, ipam: { type: "x" }, mode: 5 } },
    "ADD would refuse CNI_ARGS": { args: "a;b" },
    "prevResult is malformed": { conf: { prevResult: [] } },
    "ADD would refuse the name": { ifName: "a%d" },
    "the interface is the loopback": { ifName: "lo" },
  };
  for (const [what, call] of Object.entries(deletions)) {
    test(`DEL succeeds silently when ${what}`, async () => {
      assert.equal(await succeed(bed, { command: "DEL", netns, ...call }), undefined);
      assert.deepEqual(
        (await bed.links("pod")).map(({ ifname }) => ifname),
        ["lo"],
      );
    });
  }

  test("VERSION needs nothing but its name, and reads no stdin", async () => {
    const { status, stdout } = await bed.run(["/run/bin/mqtap"], { env: { CNI_COMMAND: "VERSION" }, stdin: "{" });
    assert.equal(status, 0);
    assert.deepEqual(JSON.parse(stdout), {
      cniVersion: "1.1.0",
      supportedVersions: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"],
    });
  });

  test("started by hand it says what it is, on stderr", async () => {
    const { status, stdout, stderr } = await bed.run(["/run/bin/mqtap"]);
    assert.deepEqual([status, stdout], [0, ""]);
    assert.match(stderr, /CNI protocol versions supported: 0\.1\.0, .*1\.1\.0/);
  });

  test("verbs that came later are refused for older versions", async () => {
    const versions = { CHECK: "0.3.1", GC: "1.0.0", STATUS: "1.0.0" };
    for (const [command, cniVersion] of Object.entries(versions)) {
      const error = await fail(bed, { command, netns, conf: { cniVersion } });
      assert.deepEqual(
        [error.code, error.msg, error.cniVersion],
        [1, `config version does not allow ${command}`, cniVersion],
      );
    }
  });

  test("stdout carries the result alone", async () => {
    const { stdout, stderr } = await invoke(bed, { command: "ADD", netns, conf: { queues: 2 } });
    assert.equal(stdout.trim().split("\n").length, 1);
    assert.equal(stderr, "");
    await succeed(bed, { command: "DEL", netns });
  });
});
