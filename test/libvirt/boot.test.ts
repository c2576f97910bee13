// libvirt starts VMs on taps that the plugin made, with the domain that the hook has rewritten: the guest has the tap's queues,
// no more and no less, and its traffic goes over each of them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Bed } from "../integration/bed.ts";
import { callHook } from "../integration/hook.ts";
import { prepareContainer } from "./container.ts";
import type { Domain } from "./domain.ts";
import type { Flow, GuestReport } from "./guest-report.ts";
import { blobBytes, LauncherPod } from "./launcher-pod.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
  await prepareContainer(bed);
  await bed.must("ln", "-s", "mqtap", "/run/bin/onDefineDomain");
});
after(() => bed[Symbol.asyncDispose]());

const vmi = JSON.stringify({ spec: { networks: [{ name: "default", pod: {} }] } });

/** `asked` is what KubeVirt writes; undefined without networkInterfaceMultiqueue. */
const cases = {
  "as many queues as vCPUs": { vcpus: 4, asked: 4, queues: 4 },
  "fewer queues than vCPUs": { vcpus: 4, asked: 4, queues: 2 },
  "one queue for one vCPU": { vcpus: 1, asked: 1, queues: 1 },
  "one queue without multiqueue": { vcpus: 2, asked: undefined, queues: 1 },
};

describe("a VM that libvirt starts on a tap of ours", () => {
  for (const [name, { vcpus, asked, queues }] of Object.entries(cases)) {
    it(`has ${name}: ${queues} of ${vcpus}`, async (t) => {
      await using pod = await LauncherPod.open(bed, `${vcpus}-${queues}`);
      const { launcher } = pod;
      await pod.addTap("tap0", { queues });
      const made = await pod.tap("tap0");
      const isMultiQueue = queues > 1;
      assert.deepEqual(
        [made?.isMultiQueue, made?.owner, made?.qdisc, made?.isPersistent, made?.isOpen, made?.master],
        [isMultiQueue, ["107", "107"], "noqueue", true, false, "k6t-eth0"],
      );

      const nic = { network: "default", tap: "tap0", mac: "02:00:00:00:00:02", queues: asked };
      const domain: Domain = { name: "default_vm", vcpus, nics: [nic] };
      const { xml } = await callHook(bed, { namespace: pod.namespace, xml: launcher.xmlOf(domain), vmi });
      const wanted = { ...domain, nics: [{ ...nic, queues: asked && queues }] };
      assert.equal(xml, launcher.xmlOf(wanted));
      await launcher.define(xml);
      await launcher.must("start", domain.name);
      const guest = await launcher.reportOf(domain);
      t.diagnostic(`${await launcher.versions()}; guest ${guest.release}`);
      t.diagnostic(guest.flows.map(({ cpu, counts }) => `vCPU ${cpu}: tx ${counts.tx} rx ${counts.rx}`).join("; "));

      assert.deepEqual([guest.driver, guest.vcpus], ["virtio_net", vcpus]);
      assert.deepEqual([guest.maxCombined, guest.combined, guest.senders.length], [queues, queues, queues]);
      assertFlowsUseTheirQueues(guest);
      await pod.pingGuest();
      const running = await pod.tap("tap0");
      const counted = isMultiQueue ? queues : undefined;
      assert.deepEqual(running, { ...made, isOpen: true, queues: counted, enabledQueues: counted });

      await launcher.must("destroy", domain.name);
      assert.deepEqual(await pod.tap("tap0"), made);
    });
  }
});

/** Each vCPU's flow goes over the queue that the driver gave to that vCPU, both ways, and together they use every queue. */
function assertFlowsUseTheirQueues({ vcpus, senders, flows }: GuestReport): void {
  assert.deepEqual(
    flows.map(({ cpu, bytes }) => [cpu, bytes]),
    Array.from({ length: vcpus }, (_, cpu) => [cpu, blobBytes]),
  );
  const queueOf = ({ cpu }: Flow): number => senders.findIndex((cpus) => cpus.includes(cpu));
  for (const flow of flows) {
    const { tx, rx } = flow.counts;
    const said = `vCPU ${flow.cpu}: tx ${tx}, rx ${rx}`;
    assert.equal(tx.indexOf(Math.max(...tx)), queueOf(flow), said);
    assert.ok(shareOf(rx, queueOf(flow)) > 1 / 3, said);
  }
  assert.deepEqual([...new Set(flows.map(queueOf))], Array.from(senders.keys()));
}

/**
 * What comes in follows what went out, and on a slow host TCP sends again over another queue now and then: half of a flow was
 * seen to come in there. A third is far above what strays otherwise.
 */
function shareOf(counts: readonly number[], queue: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return (counts[queue] ?? 0) / all;
}
