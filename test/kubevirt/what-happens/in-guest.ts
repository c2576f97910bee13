// Bridge on a secondary network and managedTap, both NICs of one VM, on Debian's kernel in a guest: KubeVirt's phase 1 needs
// links there that the machine's own kernel may not be able to make. In place of QEMU a program of uid 107 opens the queues
// that the domain names, and holds them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { parseAdoptReport } from "../../../cni/adopt/report.ts";
import { formatSizingAnswer } from "../../../cni/sizing/protocol.ts";
import { componentDirectory } from "../../../deploy/local/component-directory.ts";
import { findKernel } from "../../guest/kernel.ts";
import { makePod, podFiles, podPrelude } from "../../guest/pod.ts";
import { programFiles } from "../../guest/program-files.ts";
import type { GuestFile } from "../../guest/run-guest.ts";
import { type Outcome, runSteps } from "../../guest/steps.ts";
import { asQemu } from "../../integration/hook.ts";
import { domainXml } from "../../libvirt/domain.ts";
import { phase1Modules, withoutIpv6 } from "../phase1-guest.ts";
import { type NicPlan, planNics } from "./agent.ts";
import { askConverter, parseInspected, queuesIn, seenOf } from "./see.ts";
import { type Cell, type Situation, situations } from "./situations.ts";
import { bridgeNic, cniArgs, managedTapNic, type VirtualMachine, virtualMachine } from "./virtual-machine.ts";

const nics = [managedTapNic, bridgeNic];
const netns = "/run/netns/pod";

const prelude = `${podPrelude}
ip() { /usr/bin/ip -n pod "$@"; }
pod() {
  ${makePod} && ${withoutIpv6}
  for name in ${nics.map(({ podInterface }) => podInterface).join(" ")}; do
    ip link add $name type veth peer name p$name
    ip link set $name up && ip link set p$name up
  done
  ip addr add 10.0.0.2/24 dev eth0
  nsenter --net=${netns} sleep 1000 >/dev/null 2>&1 </dev/null &
  echo $! >/run/processes
}
add() {
  mkdir -p -m 700 /run/mqtap && rm -f /run/mqtap/agent.sock
  answer /run/mqtap/agent.sock "$1"
  cni ADD "$2" "$3" '${cniArgs}'
}
phase1() { echo "{\\"pid\\":$(head -n 1 /run/processes),\\"vmi\\":$(cat $1)}" | kubevirt-peer phase1; }
hook() { /usr/bin/ip netns exec pod ${asQemu.join(" ")} /bin/onDefineDomain --vmi "$(cat $1)" --domain "$(cat $2)"; }
queues() { sed -n "/ua-$1\\"/,/<\\/interface>/s/.*<driver .*queues=\\"\\([0-9]*\\)\\".*/\\1/p" /run/domain.xml; }
# Opens the NIC's queues and holds them.
open_queues() {
  wanted=$(queues $1)
  : >/run/opened # else the other NIC's answer is read while this one's program is not yet there
  nsenter --net=${netns} attach $2 \${wanted:-1} 107 sleep 1000 >/run/opened 2>&1 </dev/null &
  echo $! >>/run/processes
  for try in $(seq 100); do grep -q queue /run/opened && break; sleep 0.1; done
  cat /run/opened
}
`;

interface Run {
  readonly situation: Situation;
  readonly vm: VirtualMachine;
  readonly asked: (network: string) => number | undefined;
  readonly plans: readonly NicPlan[];
}

/** Runs every situation, in one guest. @throws when a step of one fails. */
export async function seeInGuest(directory: string): Promise<readonly Cell[]> {
  const vms = situations.map((situation) => virtualMachine(situation, nics));
  const converted = askConverter(vms);
  const runs = await Promise.all(
    situations.map(async (situation, index): Promise<Run> => {
      const [vm, asked] = [vms[index], converted[index]];
      assert.ok(vm !== undefined && asked !== undefined);
      return { situation, vm, asked, plans: await planNics(situation, vm, { nics, netns }) };
    }),
  );
  const programs = ["kubevirt-peer", "virt-chroot"].map((name): [string, GuestFile] => [
    `/bin/${name}`,
    { from: join(componentDirectory(), name) },
  ]);
  const { "/bin/mqtap": mqtap, ...files } = podFiles(directory);
  assert.ok(mqtap !== undefined);
  const outcomes = await runSteps(
    {
      kernel: findKernel(),
      memoryMb: 768,
      modules: phase1Modules,
      files: {
        ...files,
        ...programFiles("nft"),
        ...programFiles("setpriv"),
        "/bin/mqtap": mqtap,
        "/bin/onDefineDomain": mqtap,
        ...Object.fromEntries(programs),
        ...Object.assign({}, ...runs.map(documentsOf)),
      },
      prelude,
      timeoutMs: 500_000,
    },
    Object.assign({}, ...runs.map(stepsOf)),
  );
  return runs.flatMap((run, index) => cellsOf(run, (step) => said(outcomes, `${step} ${index}`)));
}

function documentsOf({ vm, situation, asked }: Run, index: number): Readonly<Record<string, GuestFile>> {
  const domain = {
    name: "vms_vm",
    vcpus: situation.vcpus,
    nics: nics.map(({ network, tap, mac }) => ({ network, tap, mac, queues: asked(network) })),
  };
  return {
    [`/vmi-${index}.json`]: { text: JSON.stringify(vm.vmi) },
    [`/domain-${index}.xml`]: { text: domainXml(domain, (port) => `/run/${port}`) },
  };
}

function stepsOf({ situation, plans }: Run, index: number): Readonly<Record<string, string>> {
  const [vmi, domain] = [`/vmi-${index}.json`, `/domain-${index}.xml`];
  const adds = plans.flatMap(({ nic, sizing }) => {
    const conf = { cniVersion: "1.1.0", name: "net", type: "mqtap", ...nic.call.conf };
    const answer = sizing === undefined ? "" : formatSizingAnswer(sizing.answer).trim();
    return sizing === undefined ? [] : [`add '${answer}' ${nic.call.ifName} '${JSON.stringify(conf)}'`];
  });
  const adopted = plans.flatMap(({ nic, adoptedQueues }) =>
    adoptedQueues === undefined ? [] : [`${nic.tap}=${adoptedQueues}`],
  );
  const adopt = `mqtap adopt --netns ${netns} --tap ${adopted.join()} --wait --timeout 1m`;
  const define = situation.hook === "works" ? `hook ${vmi} ${domain}` : `cat ${domain}`;
  const steps = {
    pod: "pod",
    add: ["true", ...adds].join(" && "),
    adopt: adopted.length === 0 ? "true" : `${adopt} >/run/adopted 2>&1 </dev/null & echo $! >/run/adopting`,
    "phase 1": `phase1 ${vmi}`,
    adopted:
      adopted.length === 0 ? "true" : "while test -e /proc/$(cat /run/adopting); do sleep 0.1; done; cat /run/adopted",
    define: `${define} >/run/domain.xml && cat /run/domain.xml`,
    open: nics.map(({ network, tap }) => `open_queues ${network} ${tap}`).join("; "),
    inspect: `mqtap inspect --netns ${netns} --foreign -o json`,
    end: "kill -9 $(cat /run/processes) $(pidof answer) && /usr/bin/ip netns del pod",
  };
  return Object.fromEntries(Object.entries(steps).map(([name, text]) => [`${name} ${index}`, text]));
}

function cellsOf({ situation, plans, asked }: Run, saidBy: (step: string) => string): readonly Cell[] {
  for (const step of ["pod", "add", "adopt", "end"]) saidBy(step);
  assert.equal(saidBy("phase 1"), '{"done":true}\n', JSON.stringify(situation));
  const adopted = saidBy("adopted");
  if (adopted !== "") {
    for (const { outcome } of parseAdoptReport(JSON.parse(adopted)).taps) assert.equal(outcome, "adopted", adopted);
  }
  const xml = saidBy("define");
  const opened = nics.map(({ network }) => `${queuesIn(xml, network) ?? 1} queues\n`);
  assert.equal(saidBy("open"), opened.join(""));
  const report = parseInspected(saidBy("inspect"));
  return plans.map((plan) => {
    const { network, binding } = plan.nic;
    const documents = { asked: asked(network), written: queuesIn(xml, network) };
    return { ...situation, binding, seen: seenOf(plan, { ...documents, inGuest: undefined, report }) };
  });
}

function said(outcomes: ReadonlyMap<string, Outcome>, step: string): string {
  const { status, stdout, stderr } = outcomes.get(step) ?? { status: -1, stdout: "", stderr: "no such step" };
  assert.equal(status, 0, `${step}: ${stdout}${stderr}`);
  return stdout;
}
