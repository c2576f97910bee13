// The case of kubevirt#18012: 8 vCPUs and 10 NICs with multiqueue. What its guest pays for queues, as KubeVirt asks for them
// and as the hook lowers them.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { Bed } from "../integration/bed.ts";
import { callHook } from "../integration/hook.ts";
import { prepareContainer } from "./container.ts";
import type { Domain } from "./domain.ts";
import { LauncherPod } from "./launcher-pod.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
  await prepareContainer(bed, "ten-nics.sh");
  await bed.must("ln", "-s", "mqtap", "/run/bin/onDefineDomain");
});
after(() => bed[Symbol.asyncDispose]());

const vcpus = 8;
const names = Array.from({ length: 10 }, (_, n) => ({
  network: `net${n}`,
  tap: `tap${n}`,
  mac: `02:00:00:00:00:1${n}`,
}));

/** What the guest has, and the kB that its NICs took, on taps made for so many queues. */
async function costOf(queues: number): Promise<Readonly<Record<string, number>>> {
  await using pod = await LauncherPod.open(bed, `ten-${queues}`);
  for (const { tap } of names) await pod.addTap(tap, { queues });
  const nics = names.map((name) => ({ ...name, queues: vcpus }));
  const domain: Domain = { name: "default_vm", vcpus, memoryMb: 1024, nics };
  const { xml } = await callHook(bed, { namespace: pod.namespace, xml: pod.launcher.xmlOf(domain) });
  await pod.launcher.define(xml);
  await pod.launcher.must("start", domain.name);
  const told = await pod.launcher.toldBy(domain);
  const lines = [...told.matchAll(/^(memory|queues|interrupts) (\d+)/gm)];
  return Object.fromEntries(lines.map(([, what = "", value]) => [what, Number(value)]));
}

it("ten NICs cost a guest of 8 vCPUs less than half when each has 2 queues", async (t) => {
  const asked = await costOf(8);
  const capped = await costOf(2);
  t.diagnostic(`asked for: ${JSON.stringify(asked)}, capped: ${JSON.stringify(capped)}`);
  assert.deepEqual([asked["queues"], capped["queues"]], [80, 20]);
  // one for each direction of a queue, and one or two for each device
  assert.ok((asked["interrupts"] ?? 0) >= 160 && (capped["interrupts"] ?? 0) <= 60);
  assert.ok((capped["memory"] ?? 0) > 0 && (asked["memory"] ?? 0) > 2 * (capped["memory"] ?? 0));
});
