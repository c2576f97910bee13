// What mqtap and the reference plugin `tap` do in the same situation, in words that are made of what was seen in the kernel.
// beside-reference.test.ts compares them with the table of cni/README.md.

import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import type { Bed, Finished, NetworkLink } from "./bed.ts";
import { invoke, type PluginCall } from "./plugin.ts";

/** One plugin in one fresh namespace of a pod. */
export interface Trial {
  readonly bed: Bed;
  readonly program: string;
  readonly namespace: string;
  readonly netns: string;
}

export type Observation = (trial: Trial) => Promise<string>;

const hostLocal = { type: "host-local", ranges: [[{ subnet: "10.1.0.0/24" }]] };

/** The reference's faster and better path. */
const owned = { owner: 107, group: 107 };

/** By situation: what is seen. */
export const observations: Readonly<Record<string, Observation>> = {
  "ADD where another link has the name": async (trial) => {
    await trial.bed.must("ip", "-n", trial.namespace, "tuntap", "add", "mode", "tap", "name", "eth0");
    return actAndLook(trial, { command: "ADD", conf: owned });
  },
  "ADD with `mac` and `mtu` beside `owner` and `group`": async (trial) => {
    await call(trial, { command: "ADD", conf: { ...owned, mac: "02:00:00:00:00:aa", mtu: 1400 } });
    const tap = await trial.bed.link(trial.namespace, "eth0");
    const applied = [tap?.address === "02:00:00:00:00:aa" && "mac", tap?.mtu === 1400 && "mtu"].filter(Boolean);
    return applied.length > 0 ? `${applied.join(" and ")} applied` : "neither applied";
  },
  "ADD without `owner` and `group`: who may attach": async (trial) => {
    await call(trial, { command: "ADD" });
    const [owner, group] = await trial.bed.ownership(trial.namespace, "eth0");
    return owner === "-1" && group === "-1" ? "everybody in the pod" : `${owner}:${group}`;
  },
  "ADD of a multiqueue tap: qdisc when it is up": async (trial) => {
    await call(trial, { command: "ADD", conf: { ...owned, multiQueue: true } });
    return (await trial.bed.link(trial.namespace, "eth0"))?.qdisc ?? "none";
  },
  "ADD with `multiQueue` on a node with a limit of 4": async (trial) => {
    trial.bed.write("/var/lib/mqtap/node.json", JSON.stringify({ maxQueues: 4, source: "NodeNetworkConfig/dense" }));
    await call(trial, { command: "ADD", conf: { ...owned, multiQueue: true } });
    await trial.bed.must("rm", "/var/lib/mqtap/node.json");
    const queues = /q=(\d+)/.exec((await trial.bed.link(trial.namespace, "eth0"))?.ifalias ?? "")?.[1];
    return queues === undefined ? "knows no limit" : `${queues} queues, readable in the tap's alias`;
  },
  "ADD with a `prevResult` of one interface": async (trial) => {
    const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "other", sandbox: trial.netns }] };
    const { stdout } = await call(trial, { command: "ADD", conf: { ...owned, prevResult } });
    return `result has ${JSON.parse(stdout).interfaces.length} of 2 interfaces`;
  },
  "ADD with a `bridge` that is not there": (trial) =>
    actAndLook(trial, { command: "ADD", conf: { ...owned, bridge: "br0" } }),
  "ADD with a malformed `mac`, without owner": (trial) =>
    actAndLook(trial, { command: "ADD", conf: { mac: "02:00" } }, '"mac"'),
  "ADD with an address of `host-local`, and a `bridge` that is not there": async (trial) => {
    const seen = await actAndLook(trial, { command: "ADD", conf: { ...owned, ipam: hostLocal, bridge: "br0" } });
    return `${seen}; ${await describeReserved(trial)}`;
  },
  "ADD with an IPv6 address: when it returns": async (trial) => {
    const ipam = { type: "static", addresses: [{ address: "2001:db8::2/64", gateway: "2001:db8::1" }] };
    await call(trial, { command: "ADD", conf: { ...owned, ipam } });
    const shown = await trial.bed.must("ip", "-n", trial.namespace, "-6", "addr", "show", "dev", "eth0");
    return /2001:db8::2\/64 .*tentative/.test(shown) ? "the address is tentative, not usable" : "the address is usable";
  },
  "ADD with a route of `mtu` 1280": async (trial) => {
    const ipam = {
      type: "static",
      addresses: [{ address: "10.1.0.2/24" }],
      routes: [{ dst: "10.2.0.0/16", gw: "10.1.0.1", mtu: 1280 }],
    };
    await call(trial, { command: "ADD", conf: { ...owned, ipam } });
    const shown = await trial.bed.must("ip", "-n", trial.namespace, "route", "show", "10.2.0.0/16");
    return shown.includes("mtu 1280") ? "the route has it" : "the route has none";
  },
  "ADD with `owner` 0 on a node whose policy allows 107": async (trial) => {
    trial.bed.write("/etc/cni/mqtap/policy.json", JSON.stringify({ owners: [107] }));
    const seen = await actAndLook(trial, { command: "ADD", conf: { owner: 0, group: 107 } }, '"owner"');
    await trial.bed.must("rm", "/etc/cni/mqtap/policy.json");
    return seen;
  },
  "ADD in cniVersion 0.2.0, which cannot tell a plain tap": (trial) =>
    actAndLook(trial, { command: "ADD", conf: { ...owned, cniVersion: "0.2.0" } }),
  "ADD with CNI_IFNAME `a%d`": (trial) => actAndLook(trial, { command: "ADD", conf: owned, ifName: "a%d" }),
  "ADD with the plugin's own namespace": (trial) =>
    actAndLook(trial, {
      command: "ADD",
      conf: owned,
      argv: ["ip", "netns", "exec", trial.namespace, trial.program],
    }),
  "ADD without owner on a host without `ip`": (trial) =>
    actAndLook(trial, { command: "ADD", argv: ["env", "PATH=/nonexistent", trial.program] }),
  "CHECK after the tap was removed": (trial) =>
    checkAfter(trial, () => trial.bed.must("ip", "-n", trial.namespace, "link", "del", "eth0")),
  "CHECK after the tap lost its multi-queue flag": (trial) =>
    checkAfter(trial, async () => {
      await trial.bed.must("ip", "-n", trial.namespace, "link", "del", "eth0");
      await trial.bed.must("ip", "-n", trial.namespace, "tuntap", "add", "mode", "tap", "name", "eth0");
    }),
  "DEL where a bridge has the name": async (trial) => {
    await trial.bed.must("ip", "-n", trial.namespace, "link", "add", "eth0", "type", "bridge");
    return actAndLook(trial, { command: "DEL", conf: owned });
  },
  "DEL with a stale plain file as namespace": (trial) => {
    trial.bed.write("/run/netns/stale", "");
    return actAndLook(trial, { command: "DEL", conf: owned, netns: "/run/netns/stale" });
  },
  "DEL with an unknown key in CNI_ARGS": (trial) => actAndLook(trial, { command: "DEL", conf: owned, args: "K=V" }),
  "GC of an attachment that nobody needs": async (trial) => {
    await call(trial, { command: "ADD", conf: owned });
    return actAndLook(trial, { command: "GC", conf: { ...owned, "cni.dev/valid-attachments": [] } });
  },
  "GC with `ipam`: what the IPAM plugin hears": async (trial) => {
    trial.bed.write("/run/ipam/recorder", '#!/bin/sh\ncat >/dev/null; echo "$CNI_COMMAND" >>/run/ipam/heard\n');
    await trial.bed.must("chmod", "755", "/run/ipam/recorder");
    const conf = { ...owned, ipam: { type: "recorder" }, "cni.dev/valid-attachments": [] };
    await call(trial, { command: "GC", conf, env: { CNI_PATH: "/run/ipam" } });
    const { stdout } = await trial.bed.run(["cat", "/run/ipam/heard"]);
    await trial.bed.must("rm", "-r", "/run/ipam");
    return stdout.trim() || "nothing";
  },
  "STATUS where /dev/net/tun is missing": async (trial) => {
    await trial.bed.must("mount", "-t", "tmpfs", "tmpfs", "/dev/net");
    try {
      return await actAndLook(trial, { command: "STATUS", conf: owned });
    } finally {
      await trial.bed.must("umount", "/dev/net");
    }
  },
};

function call(trial: Trial, asked: PluginCall): Promise<Finished> {
  const env = { CNI_PATH: layoutOfCheckout().binDir, ...asked.env };
  return invoke(trial.bed, { netns: trial.netns, argv: [trial.program], ...asked, env });
}

/** What host-local keeps for the trial's network, which it forgets for the next one. */
async function describeReserved({ bed }: Trial): Promise<string> {
  const listed = await bed.run(["ls", "/var/lib/cni/networks/net"]);
  const addresses = listed.stdout.split("\n").filter((name) => name.startsWith("10."));
  await bed.must("rm", "-rf", "/var/lib/cni/networks/net");
  return addresses.length === 0 ? "no address stays reserved" : `${addresses.length} address stays reserved`;
}

/** The call, what it said, and how the pod's links changed by it. `names`: what a good message would name. */
async function actAndLook(trial: Trial, asked: PluginCall, names?: string): Promise<string> {
  const before = await links(trial);
  const finished = await call(trial, asked);
  const after = await links(trial);
  const added = after.filter((link) => !before.some(({ ifindex }) => ifindex === link.ifindex));
  const removed = before.filter((link) => !after.some(({ ifindex }) => ifindex === link.ifindex));
  const changes = [
    ...added.map((link) => `makes ${describeLink(link)}`),
    ...removed.map((link) => `removes ${describeLink(link)}`),
  ];
  return [describeOutcome(finished, names), ...changes].join("; ");
}

async function checkAfter(trial: Trial, change: () => Promise<unknown>): Promise<string> {
  const conf = { ...owned, multiQueue: true };
  const { stdout } = await call(trial, { command: "ADD", conf });
  await change();
  const finished = await call(trial, { command: "CHECK", conf: { ...conf, prevResult: JSON.parse(stdout) } });
  return describeOutcome(finished);
}

async function links({ bed, namespace }: Trial): Promise<readonly NetworkLink[]> {
  return (await bed.links(namespace)).filter(({ ifname }) => ifname !== "lo");
}

function describeOutcome({ status, stdout }: Finished, names?: string): string {
  const documents = stdout.match(/(^|\})\{/gm)?.length ?? 0;
  const many = documents > 1 ? `, ${documents} documents on stdout` : "";
  if (status === 0) return `succeeds${many}`;
  // The last document is the error.
  const { code, msg } = JSON.parse(stdout.slice(stdout.search(/\{[^{}]*"code"/)));
  const naming = names === undefined || String(msg).includes(names) ? "" : ` that does not name ${names}`;
  return `error ${code}${naming}${many}`;
}

function describeLink({ ifname, linkinfo }: NetworkLink): string {
  const kind = linkinfo?.info_kind === "tun" ? "tap" : (linkinfo?.info_kind ?? "link");
  // The reference makes taps under a random name first.
  return /^veth[0-9a-f]{1,8}$/.test(ifname) ? `a ${kind} of random name` : `the ${kind} \`${ifname}\``;
}
