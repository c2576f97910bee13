// The life of a tap with addresses of the real host-local and static, in every cniVersion: once with mqtap and once with the
// reference plugin, which have to leave the kernel alike.

import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { supportedVersions } from "../../cni/config.ts";
import {
  cniPath,
  componentDirectory,
  hostLocal,
  hostLocalIpv4,
  reservedAddresses,
  seenAddresses,
} from "./ipam-plugins.ts";
import { fail, invoke, type PluginCall, succeed } from "./plugin.ts";
import { podPerTest, type TestPod } from "./pod-per-test.ts";

let pod: TestPod;
podPerTest(async (entered) => {
  pod = entered;
  // A node where nothing was reserved before: host-local goes on from its last address.
  await pod.bed.must("rm", "-rf", "/var/lib/cni");
});

const programs = { mqtap: "/run/bin/mqtap", reference: realpathSync(join(componentDirectory, "tap")) };
const owned = { owner: 107, group: 107 };

function callOf(conf: Readonly<Record<string, unknown>>, program = programs.mqtap): Omit<PluginCall, "command"> {
  return { netns: pod.netns, env: { CNI_PATH: cniPath }, argv: [program], conf: { ...owned, ...conf } };
}

const seen = {
  ipv4: {
    addresses: [
      { family: "inet", local: "10.1.2.2", prefixlen: 24, broadcast: "10.1.2.255", scope: "global", tentative: false },
    ],
    routes: [
      { dst: "default", gateway: "10.1.2.1", protocol: undefined, metric: undefined, prefsrc: undefined },
      { dst: "10.1.2.0/24", gateway: undefined, protocol: "kernel", metric: undefined, prefsrc: "10.1.2.2" },
      { dst: "10.9.0.0/16", gateway: "10.1.2.9", protocol: undefined, metric: undefined, prefsrc: undefined },
    ],
  },
  ipv6: {
    addresses: [
      { family: "inet6", local: "fd00:1:2::2", prefixlen: 64, broadcast: undefined, scope: "global", tentative: false },
    ],
    routes: [
      { dst: "fd00:1:2::/64", gateway: undefined, protocol: "kernel", metric: 256, prefsrc: undefined },
      { dst: "default", gateway: "fd00:1:2::1", protocol: undefined, metric: 1024, prefsrc: undefined },
    ],
  },
};
const seenOfBoth = {
  addresses: [...seen.ipv4.addresses, ...seen.ipv6.addresses],
  routes: [...seen.ipv4.routes, ...seen.ipv6.routes],
};

/** The reference takes no IPv6 address with a gateway on a tap: it waits for a carrier, which no tap has yet. */
const subjects = {
  mqtap: { program: programs.mqtap, ipam: hostLocal, seen: seenOfBoth, reserved: ["10.1.2.2", "fd00:1:2::2"] },
  reference: { program: programs.reference, ipam: hostLocalIpv4, seen: seen.ipv4, reserved: ["10.1.2.2"] },
};

/** What ADD has to say of host-local's answer. */
function assertReported(result: Record<string, unknown> | undefined, cniVersion: string): void {
  assert.equal(result?.["cniVersion"], cniVersion);
  if (cniVersion < "0.3") {
    const [dst4, dst6, dst9] = hostLocal.routes;
    assert.deepEqual(result, {
      cniVersion,
      ip4: { ip: "10.1.2.2/24", gateway: "10.1.2.1", routes: [dst4, dst9] },
      ip6: { ip: "fd00:1:2::2/64", gateway: "fd00:1:2::1", routes: [dst6] },
    });
    return;
  }
  const hasFamily = cniVersion < "1";
  assert.deepEqual(result?.["ips"], [
    { ...(hasFamily && { version: "4" }), interface: 0, address: "10.1.2.2/24", gateway: "10.1.2.1" },
    { ...(hasFamily && { version: "6" }), interface: 0, address: "fd00:1:2::2/64", gateway: "fd00:1:2::1" },
  ]);
  assert.deepEqual(result?.["routes"], hostLocal.routes);
}

/** As {@link succeed}, for programs that print their document on many lines. */
async function act(call: PluginCall): Promise<Record<string, unknown> | undefined> {
  const { status, stdout, stderr } = await invoke(pod.bed, call);
  assert.equal(status, 0, `${call.command} failed: ${stdout}${stderr}`);
  return stdout === "" ? undefined : JSON.parse(stdout);
}

/** As {@link fail}, for programs that print their document on many lines. */
async function refuse(call: PluginCall): Promise<string> {
  const { status, stdout } = await invoke(pod.bed, call);
  assert.equal(status, 1, stdout);
  const { code, msg } = JSON.parse(stdout);
  return `${code} ${msg}`;
}

async function check(call: Omit<PluginCall, "command">, result: unknown, cniVersion: string): Promise<void> {
  const asked = { ...call, command: "CHECK", conf: { ...Object(call.conf), prevResult: result } };
  if (cniVersion >= "0.4") assert.equal(await act(asked), undefined);
  else assert.equal(await refuse(asked), "1 config version does not allow CHECK");
}

for (const [name, { program, ipam, seen, reserved }] of Object.entries(subjects)) {
  for (const isPort of [false, true]) {
    describe(`${name}: add, check and remove a tap with addresses${isPort ? " as a bridge port" : ""}`, () => {
      for (const cniVersion of supportedVersions) {
        test(`in cniVersion ${cniVersion}`, async () => {
          const { bed, namespace } = pod;
          if (isPort) await bed.must("ip", "-n", namespace, "link", "add", "br0", "type", "bridge");
          const call = callOf({ cniVersion, ipam, ...(isPort && { bridge: "br0" }) }, program);
          if (cniVersion === "1.1.0") assert.equal(await act({ ...call, command: "STATUS" }), undefined);
          const result = await act({ ...call, command: "ADD" });
          if (program === programs.mqtap) assertReported(result, cniVersion);
          const tap = await bed.link(namespace, "eth0");
          assert.deepEqual([tap?.linkinfo?.info_kind, tap?.master], ["tun", isPort ? "br0" : undefined]);
          if (cniVersion >= "0.3") assert.equal(tap?.address, Object(result?.["interfaces"])[0].mac);
          assert.deepEqual(await seenAddresses(bed, namespace, "eth0"), seen);
          assert.deepEqual(await reservedAddresses(bed), reserved);
          await check(call, result, cniVersion);
          for (let time = 0; time < 2; time++) {
            assert.equal(await act({ ...call, command: "DEL" }), undefined);
            assert.equal(await bed.link(namespace, "eth0"), undefined);
            assert.deepEqual(await reservedAddresses(bed), []);
          }
        });
      }
    });
  }
}

describe("a tap with addresses", () => {
  test("announces itself by ARP, as the reference's", async () => {
    await succeed(pod.bed, { ...callOf({ ipam: hostLocal }), command: "ADD" });
    const path = "/proc/sys/net/ipv4/conf/eth0/arp_notify";
    assert.equal(await pod.bed.must("ip", "netns", "exec", pod.namespace, "cat", path), "1\n");
  });

  test("has a usable IPv6 address at once, where the reference waits 5 s and leaves it tentative", async () => {
    const { bed, namespace } = pod;
    const ipam = { ...hostLocal, ranges: hostLocal.ranges.slice(1), routes: [{ dst: "::/0" }] };
    const states: (boolean | undefined)[] = [];
    for (const program of [programs.reference, programs.mqtap]) {
      const call = callOf({ ipam }, program);
      await act({ ...call, command: "ADD" });
      const { addresses } = await seenAddresses(bed, namespace, "eth0");
      states.push(addresses[0]?.tentative);
      await act({ ...call, command: "DEL" });
    }
    assert.deepEqual(states, [true, false]);
  });

  test("gets IPv6 where the runtime switched it off", async () => {
    const { bed, namespace } = pod;
    const off =
      "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6";
    await bed.must("ip", "netns", "exec", namespace, "sh", "-c", off);
    await succeed(bed, { ...callOf({ ipam: hostLocal }), command: "ADD" });
    assert.equal((await seenAddresses(bed, namespace, "eth0")).addresses.length, 2);
  });

  test("gets what static is told, by the configuration, by CNI_ARGS and with every field of a route", async () => {
    const { bed, namespace } = pod;
    const route = { dst: "10.8.0.0/16", gw: "10.5.0.1", mtu: 1400, advmss: 1300, priority: 50, table: 100, scope: 0 };
    const ipam = { type: "static", addresses: [{ address: "10.5.0.7/24" }], routes: [route] };
    const call = callOf({ ipam, dns: { nameservers: ["10.5.0.53"] } });
    const result = await succeed(bed, { ...call, command: "ADD" });
    assert.deepEqual([result?.["routes"], result?.["dns"]], [[route], { nameservers: ["10.5.0.53"] }]);
    const told = await bed.must("ip", "-n", namespace, "route", "show", "table", "100");
    assert.match(told, /^10\.8\.0\.0\/16 via 10\.5\.0\.1 dev eth0 metric 50 (linkdown )?mtu 1400 advmss 1300/);
    await check(call, result, "1.1.0");
    await succeed(bed, { ...call, command: "DEL" });

    const args = "IgnoreUnknown=1;IP=10.6.0.9/24;GATEWAY=10.6.0.1";
    const asked = { ...callOf({ ipam: { type: "static" } }), args };
    await succeed(bed, { ...asked, command: "ADD" });
    assert.deepEqual(
      (await seenAddresses(bed, namespace, "eth0")).addresses.map(({ local }) => local),
      ["10.6.0.9"],
    );
  });

  test("takes the IPAM plugin's dns where the configuration has none", async () => {
    const ipam = { type: "static", addresses: [{ address: "10.5.0.7/24" }], dns: { nameservers: ["10.5.0.54"] } };
    const result = await succeed(pod.bed, { ...callOf({ ipam }), command: "ADD" });
    assert.deepEqual(result?.["dns"], { nameservers: ["10.5.0.54"] });
  });

  test("adds to what another plugin made, and leaves that as it was", async () => {
    const { bed, netns, namespace } = pod;
    await bed.must("ip", "-n", namespace, "link", "add", "net1", "type", "bridge");
    const prevResult = {
      cniVersion: "1.1.0",
      interfaces: [{ name: "net1", sandbox: netns }],
      ips: [{ interface: 0, address: "10.7.0.2/24" }],
    };
    const call = callOf({ ipam: hostLocal, prevResult });
    const result = await succeed(bed, { ...call, command: "ADD" });
    const addresses = Object(result?.["ips"]).map((ip: { interface: number; address: string }) => Object.values(ip)[0]);
    assert.deepEqual(addresses, [0, 1, 1]);
    await check(call, result, "1.1.0");
  });

  for (const [change, fault] of Object.entries({
    "addr del 10.1.2.2/24 dev eth0": /it lost its address 10\.1\.2\.2\/24/,
    "-6 addr del fd00:1:2::2/64 dev eth0": /it lost its address fd00:1:2::2\/64/,
    "route del 10.9.0.0/16": /its route to 10\.9\.0\.0\/16 is gone/,
  })) {
    test(`CHECK sees "ip ${change}"`, async () => {
      const { bed, namespace } = pod;
      const call = callOf({ ipam: hostLocal });
      const prevResult = await succeed(bed, { ...call, command: "ADD" });
      await bed.must("ip", "-n", namespace, ...change.split(" "));
      const { code, msg } = await fail(bed, { ...call, command: "CHECK", conf: { ...Object(call.conf), prevResult } });
      assert.equal(code, 104);
      assert.match(msg, fault);
    });
  }
});
