// Reading mqtap's objects back from the API server, typed by the same schemas that the operator uses.
import { z } from "zod";
import { type NodeNetworkConfig, parseNodeNetworkConfig } from "../../../crds/node-network-config.ts";
import { type NodeNetworkProfile, parseNodeNetworkProfile } from "../../../crds/node-network-profile.ts";
import { ApiStatusError } from "../api-request.ts";
import type { ControlPlane } from "../control-plane.ts";

const group = "/apis/mqtap.io/v1alpha1";

/** Undefined when there is none. */
export async function readConfig(controlPlane: ControlPlane, name: string): Promise<NodeNetworkConfig | undefined> {
  const body = await read(controlPlane, `${group}/nodenetworkconfigs/${name}`);
  return body === undefined ? undefined : parseNodeNetworkConfig(body);
}

/** Undefined when there is none. */
export async function readProfile(controlPlane: ControlPlane, node: string): Promise<NodeNetworkProfile | undefined> {
  const body = await read(controlPlane, `${group}/nodenetworkprofiles/${node}`);
  return body === undefined ? undefined : parseNodeNetworkProfile(body);
}

/** A profile whose agent has reported on the spec as it stands now. */
export async function readSettledProfile(
  controlPlane: ControlPlane,
  node: string,
): Promise<NodeNetworkProfile | undefined> {
  const profile = await readProfile(controlPlane, node);
  return profile !== undefined && profile.status.appliedHash === profile.spec.hash ? profile : undefined;
}

const labelledSchema = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }) });

/** Value of a node's label mqtap.io/max-queues. */
export async function readNodeLabel(controlPlane: ControlPlane, node: string): Promise<string | undefined> {
  const body = await read(controlPlane, `/api/v1/nodes/${node}`);
  return labelledSchema.parse(body).metadata.labels["mqtap.io/max-queues"];
}

const eventListSchema = z.object({
  items: z.array(
    z.object({
      type: z.string(),
      reason: z.string(),
      note: z.string().default(""),
      // none of an object reference's fields has to be there
      regarding: z.object({
        kind: z.string().default(""),
        name: z.string().default(""),
        uid: z.string().default(""),
      }),
    }),
  ),
});

/** An event as a person sees it. */
export type ObservedEvent = z.output<typeof eventListSchema>["items"][number];

/** All events about one object. */
export async function readEvents(
  controlPlane: ControlPlane,
  { kind, name, namespace = "default" }: { readonly kind: string; readonly name: string; readonly namespace?: string },
): Promise<readonly ObservedEvent[]> {
  const body = await read(controlPlane, `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  return eventListSchema
    .parse(body)
    .items.filter(({ regarding }) => regarding.kind === kind && regarding.name === name);
}

async function read(controlPlane: ControlPlane, path: string): Promise<unknown> {
  try {
    return (await controlPlane.request({ method: "GET", path })).body;
  } catch (error) {
    if (error instanceof ApiStatusError && error.status === 404) return undefined;
    throw error;
  }
}
