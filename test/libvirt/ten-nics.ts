// The case of kubevirt#18012: 8 vCPUs and 10 NICs with multiqueue, on taps as KubeVirt makes them and on taps of mqtap. What its
// guest pays for queues, for the test beside this file and for `npm run bench`.

import type { Bed } from "../integration/bed.ts";
import { callHook } from "../integration/hook.ts";
import { succeed } from "../integration/plugin.ts";
import { prepareContainer } from "./container.ts";
import type { Domain } from "./domain.ts";
import { LauncherPod } from "./launcher-pod.ts";

export const vcpus = 8;
const nics = Array.from({ length: 10 }, (_, n) => ({
  network: `net${n}`,
  tap: `tap${n}`,
  mac: `02:00:00:00:00:1${n}`,
}));
export const tapNames = nics.map(({ tap }) => tap);
/** The pod's bridge, under masquerade. */
export const bridge = "k6t-eth0";

/** Makes one tap of a pod that has the bridge, and sets it up. */
export type MakeTap = (bed: Bed, namespace: string, tap: string) => Promise<void>;

/** As KubeVirt's phase 1 makes it: several queues, and the qdisc that the kernel chooses. */
export const makeKubevirtTap: MakeTap = async (bed, namespace, tap) => {
  const ip = (words: string): Promise<string> => bed.must("ip", "-n", namespace, ...words.split(" "));
  await ip(`tuntap add ${tap} mode tap multi_queue user 107 group 107`);
  await ip(`link set ${tap} master ${bridge} up`);
};

/** By the built plugin, for so many queues. */
export function makeMqtapTap(queues: number): MakeTap {
  return async (bed, namespace, tap) => {
    const netns = `/run/netns/${namespace}`;
    await succeed(bed, { command: "ADD", netns, ifName: tap, conf: { queues, bridge } });
  };
}

/** What the guest has of its NICs. */
export interface GuestCost {
  readonly queues: number;
  readonly interrupts: number;
  readonly memoryKb: number;
}

/** Makes a bed ready for {@link guestCost}. */
export async function prepareTenNics(bed: Bed): Promise<void> {
  await prepareContainer(bed, "ten-nics.sh");
  await bed.must("ln", "-s", "mqtap", "/run/bin/onDefineDomain");
}

/** Boots the VM on such taps, after the hook has seen its domain, in a pod of that name. */
export async function guestCost(bed: Bed, namespace: string, makeTap: MakeTap): Promise<GuestCost> {
  await using pod = await LauncherPod.open(bed, namespace);
  for (const tap of tapNames) await makeTap(bed, namespace, tap);
  const domain: Domain = {
    ...{ name: "default_vm", vcpus, memoryMb: 1024 },
    nics: nics.map((nic) => ({ ...nic, queues: vcpus })),
  };
  const { xml } = await callHook(bed, { namespace, xml: pod.launcher.xmlOf(domain) });
  await pod.launcher.define(xml);
  await pod.launcher.must("start", domain.name);
  const told = await pod.launcher.toldBy(domain);
  const value = (what: string): number => Number(new RegExp(`^${what} (\\d+)`, "m").exec(told)?.[1]);
  return { queues: value("queues"), interrupts: value("interrupts"), memoryKb: value("memory") };
}
