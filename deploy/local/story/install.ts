// Putting mqtap into a fresh control plane, with nothing but kubectl. Deployment and DaemonSet get no pods there, as no
// controller-manager runs: operator-processes.ts starts what would be in them.
import { ApiStatusError } from "../api-request.ts";
import type { ControlPlane } from "../control-plane.ts";
import { createNamespace, writeNodeReady } from "../nodes.ts";
import type { Layout } from "./layout.ts";
import { waitUntil } from "./wait-until.ts";

/** The commands a person would type, each as arguments of kubectl. */
function installCommands(layout: Layout): readonly (readonly string[])[] {
  return [
    ["apply", "-f", layout.kubevirtStandIn],
    ["apply", "-k", layout.overlay],
    ["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"],
  ];
}

/** Applies everything and makes the nodes; `told` hears each command and what it answered. */
export async function install(
  layout: Layout,
  controlPlane: ControlPlane,
  nodes: readonly string[],
  told: (args: readonly string[], answer: string) => void = () => {},
): Promise<void> {
  await createNamespace(controlPlane, "default");
  for (const args of installCommands(layout)) told(args, await controlPlane.kubectl(args));
  await waitUntil("the API server to serve watches of mqtap's kinds", () => hasWatchCaches(controlPlane));
  for (const node of nodes) await writeNodeReady(controlPlane, node, { "node-role.kubernetes.io/worker": "" });
}

/** A CRD is Established a moment before its watch cache is filled; until then lists and watches from it get a 429. */
async function hasWatchCaches(controlPlane: ControlPlane): Promise<true | undefined> {
  try {
    for (const kind of ["nodenetworkconfigs", "nodenetworkprofiles"]) {
      await controlPlane.request({ method: "GET", path: `/apis/mqtap.io/v1alpha1/${kind}?resourceVersion=0` });
    }
    return true;
  } catch (error) {
    if (error instanceof ApiStatusError && error.status === 429) return undefined;
    throw error;
  }
}
