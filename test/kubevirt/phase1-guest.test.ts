// KubeVirt's own phase 1 with every binding, on Debian's kernel: bridge and managedTap move the pod's address to a dummy
// link, which the machine's own kernel may not be able to make.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { formatSizingAnswer } from "../../cni/sizing/protocol.ts";
import { companionTapName, podInterfaceName } from "../../cni/tap/name.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { findKernel } from "../guest/kernel.ts";
import { makePod, podFiles, podPrelude } from "../guest/pod.ts";
import { programFiles } from "../guest/program-files.ts";
import { type Outcome, runSteps } from "../guest/steps.ts";
import { phase1Modules, withoutIpv6 } from "./phase1-guest.ts";
import { sha256Hex } from "./sha256-hex.ts";
import { bindings, type VmShape, virtualMachine } from "./virtual-machine.ts";

const secondaryInterface = podInterfaceName(sha256Hex, "blue");

interface Case extends VmShape {
  /** The pod's interface beside which the plugin is called; none: KubeVirt makes its own tap. */
  readonly companionOf?: string;
  /** The tap to look at, and its bridge. */
  readonly tap: string;
  readonly bridge: string;
}

const primary = { tap: "tap0", bridge: "k6t-eth0" };
const cases: Readonly<Record<string, Case>> = {
  masquerade: { ...primary, companionOf: "eth0", binding: bindings.masquerade },
  bridge: { ...primary, companionOf: "eth0", binding: bindings.bridge },
  managedTap: { ...primary, companionOf: "eth0", binding: bindings.managedTap },
  "a bridge secondary": {
    companionOf: secondaryInterface,
    binding: bindings.masquerade,
    secondary: "blue",
    tap: companionTapName(secondaryInterface) ?? "",
    bridge: `k6t-${secondaryInterface.slice(3)}`,
  },
};
const ownTap: Case = { ...primary, binding: bindings.bridge };

const prelude = `${podPrelude}
ip() { /usr/bin/ip -n pod "$@"; }
pod() {
  ${makePod} && ${withoutIpv6}
  mkdir -p -m 700 /run/mqtap && rm -f /run/mqtap/agent.sock
  answer /run/mqtap/agent.sock "$(cat /answer-$1.json)"
  for name in eth0 ${secondaryInterface}; do
    ip link add $name mtu 1450 type veth peer name p$name
    ip link set $name up && ip link set p$name up
  done
  ip addr add 10.0.0.2/24 dev eth0
  nsenter --net=/run/netns/pod sleep 1000 >/dev/null 2>&1 </dev/null &
  echo $! >/run/launcher
}
facts() { tap_files $1 'ifindex tun_flags owner group address ifalias'; ip -o link show $1 | grep -o 'qdisc [a-z_]*'; }
phase1() { echo "{\\"pid\\":$(cat /run/launcher),\\"vmi\\":$(cat /vmi-$1.json)}" | kubevirt-peer phase1; }
`;

/** The plugin's configuration and arguments in the chain of a launcher pod. */
function chained(ifName: string): string {
  const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: ifName, sandbox: "/run/netns/pod" }] };
  const conf = { cniVersion: "1.1.0", name: "net", type: "mqtap", sizing: "vm", prevResult };
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=virt-launcher-vm-abcde";
  return `'${JSON.stringify(conf)}' '${args}'`;
}

function stepsOf(name: string, index: number, { companionOf, tap }: Case): Readonly<Record<string, string>> {
  return {
    [`pod for ${name}`]: `pod ${index}`,
    [`ADD for ${name}`]: companionOf === undefined ? "true" : `cni ADD ${companionOf} ${chained(companionOf)}`,
    [`made for ${name}`]: companionOf === undefined ? "true" : `facts ${tap}`,
    [`phase 1 of ${name}`]: `phase1 ${index}`,
    [`adopted by ${name}`]: `facts ${tap}`,
    [`link of ${name}`]: `ip -o -d link show ${tap}`,
    [`links of ${name}`]: "ip -o link show type dummy",
    [`end of ${name}`]: "kill -9 $(cat /run/launcher) && /usr/bin/ip netns del pod",
  };
}

const all: readonly (readonly [string, Case])[] = [...Object.entries(cases), ["KubeVirt's own", ownTap]];
const directory = mkdtempSync(join(tmpdir(), "mqtap-phase1-"));
after(() => rmSync(directory, { recursive: true }));

let outcomes: ReadonlyMap<string, Outcome>;
function said(step: string): string {
  const { status, stdout, stderr } = outcomes.get(step) ?? { status: -1, stdout: "", stderr: "no such step" };
  assert.equal(status, 0, `${step}: ${stdout}${stderr}`);
  return stdout;
}

const kernel = findKernel();

describe(`phase 1 on Linux ${kernel.release}`, () => {
  before(async () => {
    const texts = all.flatMap(([, shape], index) => [
      [`/vmi-${index}.json`, { text: JSON.stringify(virtualMachine(shape)) }] as const,
      [`/answer-${index}.json`, { text: answerOf(shape.tap) }] as const,
    ]);
    const programs = ["kubevirt-peer", "virt-chroot"].map((name) => [
      `/bin/${name}`,
      { from: join(componentDirectory(), name) },
    ]);
    outcomes = await runSteps(
      {
        kernel,
        memoryMb: 768,
        modules: phase1Modules,
        files: {
          ...podFiles(directory),
          ...programFiles("nft"),
          ...Object.fromEntries(programs),
          ...Object.fromEntries(texts),
        },
        prelude,
      },
      Object.assign({}, ...all.map(([name, shape], index) => stepsOf(name, index, shape))),
    );
  });

  for (const [name, { tap, bridge }] of Object.entries(cases)) {
    it(`${name} adopts the tap that mqtap made, and keeps what was set`, () => {
      said(`pod for ${name}`);
      said(`ADD for ${name}`);
      const made = said(`made for ${name}`);
      assert.match(made, /^\d+\n0x1902\n107\n107\n[0-9a-f:]{17}\nmqtap\/1 q=2 m=companion .*\nqdisc noqueue\n$/);
      assert.equal(said(`phase 1 of ${name}`), '{"done":true}\n');
      assert.equal(said(`adopted by ${name}`), made);
      assert.match(said(`link of ${name}`), new RegExp(`${tap}: <[^>]*\\bUP\\b[^>]*> mtu 1450 .*master ${bridge} `));
    });
  }

  it("bridge and managedTap moved the pod's address to a dummy link, masquerade did not", () => {
    assert.equal(said("links of masquerade"), "");
    assert.match(said("links of bridge"), / eth0: /);
    assert.match(said("links of managedTap"), / eth0: /);
  });

  it("makes its own tap where mqtap made none, with a queueing discipline for each of 256 queues", () => {
    said("phase 1 of KubeVirt's own");
    assert.match(said("adopted by KubeVirt's own"), /^\d+\n0x1902\n107\n107\n[0-9a-f:]{17}\nqdisc mq\n$/);
  });
});

function answerOf(tapName: string): string {
  return formatSizingAnswer({ kind: "tap", queues: 2, owner: 107, group: 107, tapName, why: "test" }).trim();
}
