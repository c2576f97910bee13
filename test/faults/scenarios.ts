// The situations in which each system call of the plugin fails once. Each is set up anew before every call.

import type { HostedCall, PodHost } from "./pod-host.ts";

export interface Scenario {
  readonly command: string;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly args?: string;
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
  "GC of a tap that nobody needs": {
    command: "GC",
    conf: { ...full, ...gc },
    prepare: (host, netns) => {
      added(full)(host, netns);
      return {};
    },
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
