// Pods that come and go on a node without a pause, one after the other: VMs', or others. Each is awaited until it runs.
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { type ObservedEvent, readEvents } from "../../deploy/local/story/observe.ts";
import { apply, idlePod, waitReady } from "./pods.ts";
import { describeTap, linksOf, startVm, virtualMachine } from "./vm-pods.ts";

/** What came of a row of pods. */
export interface Arrivals {
  /** Pods that came up, by name; of a VM with what its tap was like. */
  readonly pods: readonly string[];
  /** What kubelet said about sandboxes that a network plugin refused, and that were made later. */
  readonly refusals: readonly string[];
}

export type ArrivalKind = "vm" | "ordinary";

/**
 * Multus gives the API server 250 ms for the pod, and refuses before it calls a plugin when that was too short (4.2.2,
 * pkg/multus/multus.go, shortPollDuration): it happens where the machine has more to do than it can, whatever is installed.
 */
const apiTooSlowForMultus = /Multus: \[[^\]]*\]: error waiting for pod: .*context deadline exceeded/;

function isOfPlugin({ reason, note }: ObservedEvent): boolean {
  return reason === "FailedCreatePodSandBox" && !apiTooSlowForMultus.test(note);
}

let row = 0;

/** Lets pods come until `stop` is called, which waits for the last and tells. */
export function startArrivals(bed: Bed, node: string, kind: ArrivalKind): { readonly stop: () => Promise<Arrivals> } {
  row += 1;
  const prefix = `${kind}-${row}`;
  const pods: string[] = [];
  const refusals: string[] = [];
  let isOver = false;
  const arrive = kind === "vm" ? arriveVm : arriveOrdinary;
  const ended = (async () => {
    while (!isOver) {
      const { name, said } = await arrive(bed, `${prefix}-${pods.length}`, node);
      pods.push(said);
      const events = await readEvents(bed.controlPlane, { kind: "Pod", name });
      refusals.push(...events.filter(isOfPlugin).map(({ note }) => note));
      await bed.kubectl(["delete", "pod", name, "--wait=false"]);
    }
  })();
  ended.catch(() => {}); // reported by whoever stops it
  return {
    stop: async () => {
      isOver = true;
      await ended;
      return { pods, refusals };
    },
  };
}

interface Arrived {
  /** Of the pod. */
  readonly name: string;
  readonly said: string;
}

async function arriveVm(bed: Bed, vmName: string, node: string): Promise<Arrived> {
  const pod = await startVm(bed, virtualMachine(vmName, node));
  return { name: pod.name, said: describeTap((await linksOf(bed, pod)).get("tap0")) };
}

async function arriveOrdinary(bed: Bed, name: string, node: string): Promise<Arrived> {
  await apply(bed, idlePod(name, node));
  await waitReady(bed, name);
  return { name, said: name };
}
