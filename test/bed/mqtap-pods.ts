// The pods of mqtap itself in the bed's tests.
import assert from "node:assert/strict";
import { z } from "zod";
import type { Bed } from "../../deploy/local/bed/bed.ts";

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
      spec: z.object({ nodeName: z.string().default("") }),
      status: z.object({
        containerStatuses: z.array(z.object({ ready: z.boolean(), containerID: z.string().default("") })).default([]),
      }),
    }),
  ),
});

/** A pod with its one container. */
export interface MqtapPod {
  readonly name: string;
  readonly node: string;
  /** As `ctr` knows it. */
  readonly containerId: string;
  readonly isReady: boolean;
}

/** All pods of one component that are not on their way out. */
export async function mqtapPods(bed: Bed, component: "agent" | "controller"): Promise<readonly MqtapPod[]> {
  const argv = ["get", "pods", "--namespace=mqtap-system", `--selector=app.kubernetes.io/component=${component}`];
  const { items } = podsSchema.parse(JSON.parse(await bed.kubectl([...argv, "--output=json"])));
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec, status }) => {
      const { containerID = "", ready = false } = status.containerStatuses[0] ?? {};
      const containerId = containerID.replace("containerd://", "");
      return { name: metadata.name, node: spec.nodeName, containerId, isReady: ready };
    });
}

/** The agent of a node. */
export async function agentOn(bed: Bed, node: string): Promise<MqtapPod> {
  const agent = (await mqtapPods(bed, "agent")).find((pod) => pod.node === node);
  assert.ok(agent !== undefined, `there is no agent on ${node}`);
  return agent;
}
