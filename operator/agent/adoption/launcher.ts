// The pod and the VM behind a sandbox, read from the API server, and whether the VM runs in it already.

import { resourcePath } from "../../kube/resource-path.ts";
import { isNotFound, type KubeTransport } from "../../kube/transport.ts";
import { JsonReader, MalformedObjectError } from "../sizing/json-reader.ts";
import { type LauncherPod, parsePod } from "../sizing/pod.ts";
import { parseVmi, type Vmi } from "../sizing/vmi.ts";
import type { LauncherSandbox } from "./cache-entry.ts";

export type LauncherFound =
  | {
      readonly kind: "launcher";
      readonly pod: LauncherPod;
      readonly vmi: Vmi;
      /** Its domain has its queues by now: an alias would come too late. */
      readonly isVmRunning: boolean;
    }
  /** No pod of this node that runs, or will run, a VM. */
  | { readonly kind: "none"; readonly why: string };

export interface LauncherOptions {
  readonly transport: KubeTransport;
  readonly nodeName: string;
}

/** @throws what the transport throws where the API server does not answer. */
export async function readLauncher(
  { transport, nodeName }: LauncherOptions,
  sandbox: LauncherSandbox,
  signal: AbortSignal,
): Promise<LauncherFound> {
  const get = async (path: string): Promise<unknown> => {
    try {
      return (await transport.request({ method: "GET", path, signal })).body;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const { podNamespace: namespace, podName: name } = sandbox;
  try {
    const podJson = await get(resourcePath({ group: "", version: "v1", plural: "pods", namespace, name }));
    if (podJson === undefined) return none("the pod does not exist");
    const pod = parsePod(podJson);
    const whyNot = unfit(pod, phaseOf(podJson), { sandbox, nodeName });
    if (whyNot !== undefined || pod.vmi === undefined) return none(whyNot ?? "no VM controls the pod");
    const address = { group: "kubevirt.io", version: "v1", plural: "virtualmachineinstances", namespace };
    const vmiJson = await get(resourcePath({ ...address, name: pod.vmi.name }));
    const vmi = vmiJson === undefined ? undefined : parseVmi(vmiJson);
    if (vmi === undefined || vmi.uid !== pod.vmi.uid) return none("the pod's VM is gone");
    return { kind: "launcher", pod, vmi, isVmRunning: isVmRunning(pod, vmi, runsOn(vmiJson) === nodeName) };
  } catch (error) {
    if (error instanceof MalformedObjectError) return none(error.message);
    throw error;
  }
}

function none(why: string): LauncherFound {
  return { kind: "none", why };
}

function unfit(
  pod: LauncherPod,
  phase: string | undefined,
  { sandbox, nodeName }: { readonly sandbox: LauncherSandbox; readonly nodeName: string },
): string | undefined {
  if (sandbox.podUid !== undefined && sandbox.podUid !== pod.uid) return "the pod has been replaced";
  if (pod.nodeName !== nodeName) return `the pod is bound to node "${pod.nodeName}"`;
  if (phase === "Succeeded" || phase === "Failed") return "the pod has ended";
  return pod.isTemporary ? "the pod runs no VM" : undefined;
}

/** A migration target runs long before its VM arrives; until then the VM's status is about the source. */
function isVmRunning(pod: LauncherPod, vmi: Vmi, isHere: boolean): boolean {
  const isReported = vmi.interfaces.some(({ runningQueues }) => runningQueues !== undefined);
  return pod.isRunning && isReported && (isHere || !pod.isMigrationTarget);
}

function phaseOf(pod: unknown): string | undefined {
  return new JsonReader(pod, "Pod").object("status")?.string("phase");
}

function runsOn(vmi: unknown): string | undefined {
  return new JsonReader(vmi, "VirtualMachineInstance").object("status")?.string("nodeName");
}
