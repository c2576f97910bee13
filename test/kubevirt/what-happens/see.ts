// What was seen of a NIC, from the documents and the kernel's report. Shared by the machine and the guest.

import assert from "node:assert/strict";
import { type InspectReport, parseReport } from "../../../cni/inspect/report.ts";
import { isRecord } from "../../../crds/lenient.ts";
import { openQueues } from "../../../operator/agent/verification/verdict.ts";
import { askPeer } from "../peer.ts";
import { eventsOf, type NicPlan } from "./agent.ts";
import type { Seen } from "./situations.ts";
import type { VirtualMachine } from "./virtual-machine.ts";

/** For each VM: the queues that KubeVirt's own converter writes for an interface; undefined where it writes none. */
export function askConverter(vms: readonly VirtualMachine[]): readonly ((network: string) => number | undefined)[] {
  return askPeer(
    "queues",
    vms.map(({ vmi }) => vmi),
  ).map((answer) => {
    assert.ok(answer.kind === "reply", JSON.stringify(answer));
    const { domain } = answer.reply;
    assert.ok(isRecord(domain));
    return (network) => {
      const queues = domain[network];
      assert.ok(typeof queues === "number", `the converter writes no interface "${network}"`);
      return queues === 0 ? undefined : queues;
    };
  });
}

/** The queues of an interface in a domain that libvirt/domain.ts wrote; undefined where there are none. */
export function queuesIn(xml: string, network: string): number | undefined {
  const element = xml.split("</interface>").find((text) => text.includes(`<alias name="ua-${network}">`));
  assert.ok(element !== undefined, `no interface "${network}" in ${xml}`);
  const queues = /<driver [^>]*queues="(\d+)"/.exec(element)?.[1];
  return queues === undefined ? undefined : Number(queues);
}

/** `mqtap inspect -o json` while the VM runs. */
export function parseInspected(stdout: string): InspectReport {
  return parseReport(JSON.parse(stdout));
}

export function seenOf(
  plan: NicPlan,
  told: Pick<Seen, "asked" | "written" | "inGuest"> & { readonly report: InspectReport },
): Seen {
  const { report, ...rest } = told;
  const tap = report.taps.find(({ name }) => name === plan.nic.tap);
  assert.ok(tap !== undefined, `there is no ${plan.nic.tap}: ${JSON.stringify(report)}`);
  return {
    isMultiQueueTap: tap.isMultiQueue,
    markedQueues: tap.mark?.queues,
    qdisc: tap.qdisc ?? "none",
    ...rest,
    opened: openQueues(tap),
    events: eventsOf(plan, report),
  };
}
