// Putting mqtap into a fresh control plane, with nothing but kubectl. Deployment and DaemonSet get no pods there, as no
// controller-manager runs: operator-processes.ts starts what would be in them.
import type { ControlPlane } from "../control-plane.ts";
import { createNamespace, writeNodeReady } from "../nodes.ts";
import { waitForWatchCaches } from "../watch-caches.ts";
import type { Layout } from "./layout.ts";

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
  await waitForWatchCaches(controlPlane);
  for (const node of nodes) await writeNodeReady(controlPlane, node, { "node-role.kubernetes.io/worker": "" });
}
