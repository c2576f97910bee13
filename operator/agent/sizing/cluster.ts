// The two objects that sizing reads from the API server: one pod and one VMI, each by a GET of its name.

import { resourcePath } from "../../kube/resource-path.ts";
import { isNotFound, type KubeTransport } from "../../kube/transport.ts";
import { type LauncherPod, parsePod } from "./pod.ts";
import { parseVmi, type Vmi } from "./vmi.ts";

/** undefined: the API server says that there is none. Everything else that is not an object is thrown. */
export interface SizingCluster {
  pod(namespace: string, name: string, signal: AbortSignal): Promise<LauncherPod | undefined>;
  vmi(namespace: string, name: string, signal: AbortSignal): Promise<Vmi | undefined>;
}

export function createSizingCluster(transport: KubeTransport): SizingCluster {
  const get = async <T>(path: string, signal: AbortSignal, parse: (body: unknown) => T): Promise<T | undefined> => {
    try {
      const { body } = await transport.request({ method: "GET", path, signal });
      return parse(body);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  return {
    pod: (namespace, name, signal) =>
      get(resourcePath({ group: "", version: "v1", plural: "pods", namespace, name }), signal, parsePod),
    vmi: (namespace, name, signal) => {
      const address = { group: "kubevirt.io", version: "v1", plural: "virtualmachineinstances", namespace, name };
      return get(resourcePath(address), signal, parseVmi);
    },
  };
}
