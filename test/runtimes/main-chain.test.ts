// mqtap as the first plugin of a chain, in the reference plugin's place, with `tuning` behind it, called by libcni. Each case
// runs with the reference too: the runtime must get the same result and the kernel must end in the same state.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Bed } from "../integration/bed.ts";
import { addChain, configure, failChain, openNode, succeedChain } from "./libcni.ts";

let bed: Bed;
before(async () => {
  bed = await openNode(["tap", "tuning", "host-local", "ptp"]);
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

const versions = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];
const mac = "02:00:00:00:00:aa";
const other = "02:00:00:00:00:bb";
const base = { multiQueue: true, owner: 107, group: 107 };

/** What `tuning` behind the tap may change; all of it is still right to CHECK. */
interface Change {
  readonly versions?: readonly string[];
  readonly conf?: object;
  readonly tuning: object;
}

const changes: Readonly<Record<string, Change>> = {
  "nothing but a sysctl": { tuning: { sysctl: { "net.ipv4.conf.IFNAME.rp_filter": "0" } } },
  mac: { conf: { mac }, tuning: { mac: other } },
  mtu: { tuning: { mtu: 1400 } },
  "mtu where one was configured": { conf: { mtu: 1450 }, tuning: { mtu: 1400 } },
  txQLen: { tuning: { txQLen: 3000 } },
  promisc: { tuning: { promisc: true } },
  allmulti: { tuning: { allmulti: true } },
  "mac and mtu where there are addresses": {
    conf: {
      ipam: {
        type: "host-local",
        subnet: "10.78.0.0/24",
        routes: [{ dst: "10.79.0.0/16" }, { dst: "0.0.0.0/0", gw: "10.78.0.9" }],
      },
    },
    tuning: { mac: other, mtu: 1400 },
  },
  "nothing but txQLen where there are addresses of both families": {
    versions: ["1.1.0"], // the reference waits 5 s for each IPv6 address
    conf: {
      ipam: {
        type: "host-local",
        ranges: [[{ subnet: "10.78.1.0/24" }], [{ subnet: "fd00:78::/64" }]],
        routes: [{ dst: "10.79.0.0/16" }, { dst: "fd00:79::/64" }],
      },
    },
    tuning: { txQLen: 500 },
  },
};

/** What counts of the tap's state in the kernel. */
async function stateOf(namespace: string): Promise<unknown> {
  const link = await bed.link(namespace, "eth0");
  assert.ok(link, "the tap is not there");
  const { type, multi_queue: isMultiQueue } = Object(link.linkinfo?.info_data);
  const flags = link.flags.filter((flag) => ["UP", "PROMISC", "ALLMULTI"].includes(flag)).toSorted();
  const length = (await bed.must("ip", "netns", "exec", namespace, "cat", "/sys/class/net/eth0/tx_queue_len")).trim();
  const list = async (...what: string[]) => (await bed.must("ip", "-n", namespace, "-o", ...what)).split("\n");
  const addresses = (await list("address", "show", "dev", "eth0", "scope", "global")).map(
    (line) => /inet6? \S+/.exec(line)?.[0],
  );
  const routes = [...(await list("-4", "route")), ...(await list("-6", "route"))].filter(isConfigured).map(routeText);
  return { mtu: link.mtu, type, isMultiQueue, flags, length, addresses, routes: routes.toSorted() };
}

/** The link-local route comes with the first carrier, which mqtap's taps have had when ADD ends. */
const isConfigured = (line: string) => !line.startsWith("fe80::");
/** Without what the kernel says of a moment. */
const routeText = (line: string) => line.replaceAll(/ (linkdown|pref medium)\b/g, "").trim();

const withoutMac = (result: Readonly<Record<string, unknown>>, wanted: object): unknown =>
  JSON.parse(JSON.stringify(result, (key, value: unknown) => (key === "mac" && !("mac" in wanted) ? "a MAC" : value)));

/** 1.1.0 has the MTU in the result; the reference leaves it out. */
function withoutMtu(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result, (key, value: unknown) => (key === "mtu" ? undefined : value)));
}

for (const cniVersion of versions) {
  describe(`a tap and tuning with cniVersion ${cniVersion}`, () => {
    for (const [what, { conf = {}, tuning, versions: only = versions }] of Object.entries(changes)) {
      if (!only.includes(cniVersion)) continue;
      test(`tuning changes ${what}: ADD, CHECK and DEL as with the reference`, async () => {
        const run = async (type: string) => {
          const name = `${type}-${cniVersion}-${what}`.replaceAll(/[^a-z0-9]/gi, "-");
          const netns = await bed.addNamespace(name);
          const first = { type, ...base, ...conf };
          configure(bed, { cniVersion, name, plugins: [first, { type: "tuning", ...tuning }] });
          const target = { network: name, netns };
          const result = await addChain(bed, target);
          const state = await stateOf(name);
          if (cniVersion === "0.3.1") await failChain(bed, "check", target);
          else await succeedChain(bed, "check", target);
          await succeedChain(bed, "status", target);
          await succeedChain(bed, "del", target);
          await succeedChain(bed, "del", target);
          const left = (await bed.links(name)).map(({ ifname }) => ifname);
          const addresses = await bed.must("ip", "-n", name, "-j", "address");
          await bed.must("ip", "netns", "del", name);
          const reported = JSON.parse(JSON.stringify(result).replaceAll(netns, "the sandbox"));
          return { result: withoutMac(withoutMtu(reported) as typeof result, tuning), state, left, addresses };
        };
        assert.deepEqual(await run("mqtap"), await run("tap"));
      });
    }
  });
}

describe("a tap and tuning", () => {
  test("CHECK sees what neither of them did", async () => {
    const netns = await bed.addNamespace("foreign-change");
    const target = { network: "foreign-change", netns };
    const plugins = [
      { type: "mqtap", ...base, mac },
      { type: "tuning", mtu: 1400 },
    ];
    configure(bed, { cniVersion: "1.1.0", name: "foreign-change", plugins });
    await addChain(bed, target);
    await bed.must("ip", "-n", "foreign-change", "link", "set", "eth0", "address", other);
    assert.match(await failChain(bed, "check", target), /its mac is 02:00:00:00:00:bb, not 02:00:00:00:00:aa/);
    await succeedChain(bed, "del", target);
  });

  test("a tap as a port of a bridge in the pod that holds the uplink", async () => {
    const netns = await bed.addNamespace("in-pod-bridge");
    const uplink = { network: "uplink", netns };
    const target = { network: "bridged", netns, ifName: "tap1" };
    configure(bed, {
      cniVersion: "1.1.0",
      name: "uplink",
      plugins: [{ type: "ptp", ipam: { type: "host-local", subnet: "10.80.0.0/24" } }],
    });
    // The kernel makes every port of a bridge promiscuous, and tuning's CHECK wants to have been asked for that.
    const plugins = [
      { type: "mqtap", queues: 4, bridge: "br0" },
      { type: "tuning", promisc: true },
    ];
    configure(bed, { cniVersion: "1.1.0", name: "bridged", plugins });
    await addChain(bed, uplink);
    assert.match(await failChain(bed, "add", target), /br0/);
    await succeedChain(bed, "del", target);
    await bed.must("ip", "-n", "in-pod-bridge", "link", "add", "br0", "type", "bridge");
    await bed.must("ip", "-n", "in-pod-bridge", "link", "set", "eth0", "master", "br0");
    const result = await addChain(bed, target);
    assert.deepEqual(
      (await bed.links("in-pod-bridge")).filter(({ master }) => master === "br0").map(({ ifname }) => ifname),
      ["eth0", "tap1"],
    );
    assert.equal(Array.isArray(result["interfaces"]) && result["interfaces"].length, 1);
    await succeedChain(bed, "check", target);
    await succeedChain(bed, "del", target);
    assert.deepEqual((await bed.links("in-pod-bridge")).map(({ ifname }) => ifname).toSorted(), ["br0", "eth0", "lo"]);
    await bed.must("ip", "-n", "in-pod-bridge", "link", "set", "eth0", "nomaster");
    await succeedChain(bed, "del", uplink);
  });

  test("GC removes a stale attachment and leaves the other network's", async () => {
    const plugins = [
      { type: "mqtap", queues: 2 },
      { type: "tuning", txQLen: 2000 },
    ];
    for (const name of ["stale", "kept"]) configure(bed, { cniVersion: "1.1.0", name, plugins });
    const netns = await bed.addNamespace("gc-pod");
    await addChain(bed, { network: "stale", netns, ifName: "net1" });
    await addChain(bed, { network: "kept", netns, ifName: "net2" });
    await succeedChain(bed, "gc", { network: "stale", netns });
    assert.deepEqual(
      (await bed.links("gc-pod")).map(({ ifname }) => ifname),
      ["lo", "net2"],
    );
    await succeedChain(bed, "del", { network: "kept", netns, ifName: "net2" });
  });

  test("networks of one pod, and pods of one network, attached at the same time", async () => {
    const networks = Array.from({ length: 6 }, (_, index) => `together-${index}`);
    for (const name of networks) configure(bed, { cniVersion: "1.1.0", name, plugins: [{ type: "mqtap", queues: 2 }] });
    const shared = await bed.addNamespace("together");
    const ofOnePod = networks.map((network, index) => ({ network, netns: shared, ifName: `net${index + 1}` }));
    const ofOneNetwork = await Promise.all(
      networks.map(async (network) => ({ network: "together-0", netns: await bed.addNamespace(network) })),
    );
    const targets = [...ofOnePod, ...ofOneNetwork];
    await Promise.all(targets.map((target) => addChain(bed, target)));
    await Promise.all(targets.map((target) => succeedChain(bed, "check", target)));
    assert.equal((await bed.links("together")).length, 1 + networks.length);
    await Promise.all(targets.map((target) => succeedChain(bed, "del", target)));
    for (const namespace of ["together", ...networks]) assert.equal((await bed.links(namespace)).length, 1);
  });
});
