// The situations in which each system call of the plugin fails once. Each is set up anew before every call.

import { mkdirSync, writeFileSync } from "node:fs";
import type { HostedCall, PodHost } from "./pod-host.ts";

export interface Scenario {
  readonly command: string;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly args?: string;
  /**
   * For long scenarios, whose calls are mostly those of shorter ones: every call fails, but with one error each in turn. All of
   * them are, or the repeated ones: those of a name and what it is about that came before.
   */
  readonly sampled?: "all" | "repeated";
  /** What is in the pod before the call; returns what the call's configuration has to say of it. */
  readonly prepare: (host: PodHost, netns: string) => Readonly<Record<string, unknown>>;
}

const nothing = (): Record<string, unknown> => ({});

/** Everything that an ADD can be asked to do with a tap of its own. */
const full = { queues: 4, mtu: 1400, mac: "02:00:00:00:00:aa", owner: 1000, group: 1001, bridge: "br0" };
const companion = {
  sizing: "vm",
  prevResult: { cniVersion: "1.1.0", interfaces: [{ name: "eth0", sandbox: "/run/netns/pod" }] },
};
const launcher =
  "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=virt-launcher-vm-abcde;K8S_POD_UID=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

function added(
  conf: Readonly<Record<string, unknown>>,
  args?: string,
): (host: PodHost, netns: string) => Record<string, unknown> {
  return (host, netns) => ({
    prevResult: JSON.parse(succeed(host, { command: "ADD", netns, conf, ...withArgs(args) })),
  });
}

/** The node's own files: a policy that is warned of, and a log that is full. */
function withSomethingToSay(): void {
  mkdirSync("/etc/cni/mqtap", { recursive: true });
  writeFileSync(
    "/etc/cni/mqtap/policy.json",
    '{"owners":"any","groups":"any","ipam":"any","ipamPaths":"any","news":1}',
  );
  writeFileSync("/var/log/mqtap.log", "x".repeat(768 << 10));
}

/** Of both families, with a route through a gateway. */
const addressed = {
  owner: 107,
  ipam: {
    type: "host-local",
    ranges: [[{ subnet: "10.1.0.0/16" }], [{ subnet: "fd00:1::/64" }]],
    routes: [{ dst: "0.0.0.0/0" }],
  },
};

const gc = { "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "other" }] };

export const scenarios: Readonly<Record<string, Scenario>> = {
  "ADD of a tap with everything": { command: "ADD", conf: full, prepare: nothing },
  "ADD over this attachment's leftover": {
    command: "ADD",
    conf: full,
    prepare: (host, netns) => {
      added({ ...full, queues: 2, mtu: 1300 })(host, netns);
      return {};
    },
  },
  "ADD with addresses": { command: "ADD", conf: addressed, sampled: "repeated", prepare: nothing },
  "ADD with addresses over this attachment's leftover": {
    command: "ADD",
    conf: addressed,
    sampled: "all",
    prepare: (host, netns) => {
      added(addressed)(host, netns);
      return {};
    },
  },
  "CHECK of a tap with addresses": {
    command: "CHECK",
    conf: addressed,
    sampled: "repeated",
    prepare: added(addressed),
  },
  "DEL with addresses": {
    command: "DEL",
    conf: addressed,
    prepare: (host, netns) => {
      added(addressed)(host, netns);
      return {};
    },
  },
  "ADD of a companion": { command: "ADD", conf: companion, args: launcher, prepare: nothing },
  "DEL of a tap": {
    command: "DEL",
    conf: full,
    prepare: (host, netns) => {
      added(full)(host, netns);
      return {};
    },
  },
  "DEL of a companion": {
    command: "DEL",
    conf: companion,
    args: launcher,
    prepare: (host, netns) => {
      added(companion, launcher)(host, netns);
      return {};
    },
  },
  "DEL of nothing": { command: "DEL", conf: full, prepare: nothing },
  "CHECK of a tap": { command: "CHECK", conf: full, prepare: added(full) },
  "STATUS of static sizing": { command: "STATUS", conf: { queues: 4 }, prepare: nothing },
  "STATUS that needs the agent": { command: "STATUS", conf: { sizing: "vm", mode: "main" }, prepare: nothing },
  "GC of a tap that nobody needs": {
    command: "GC",
    conf: { ...full, ...gc },
    prepare: (host, netns) => {
      added(full)(host, netns);
      return {};
    },
  },
  // The last ones, since the files stay.
  "ADD with something to say": {
    command: "ADD",
    conf: full,
    prepare: () => {
      withSomethingToSay();
      return {};
    },
  },
  "GC with something to say": {
    command: "GC",
    conf: { ...full, ...gc },
    prepare: (host, netns) => {
      added(full)(host, netns);
      withSomethingToSay();
      return {};
    },
  },
};

export const refusedLabel = "ADD with a label that the kernel does not take";

/** Those that fail in any case. */
export const hopelessScenarios: Readonly<Record<string, Scenario>> = {
  [refusedLabel]: {
    command: "ADD",
    conf: { ...full, selinuxContext: "nobody_u:nobody_r:nobody_t:s0" },
    prepare: nothing,
  },
};

/** The call of a scenario in this namespace, prepared. */
export function prepareCall(host: PodHost, scenario: Scenario, netns: string): HostedCall {
  const { command, conf, args } = scenario;
  return { command, netns, conf: { ...conf, ...scenario.prepare(host, netns) }, ...withArgs(args) };
}

/** A call that nobody interferes with must succeed. */
function succeed(host: PodHost, call: HostedCall): string {
  const { exitStatus, stdout } = host.call(call);
  if (exitStatus !== 0) throw new Error(`${call.command} failed: ${stdout}`);
  return stdout;
}

function withArgs(args: string | undefined): { readonly args?: string } {
  return args === undefined ? {} : { args };
}
