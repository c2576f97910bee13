// Calls the plugin by itself, with the environment containerd gives: libcni keeps its error codes to itself.
import path from "node:path";
import { z } from "zod";
import type { Cluster } from "../../deploy/local/story/cluster.ts";
import type { LauncherPod } from "../../deploy/local/story/launch.ts";
import { namespaceOf } from "../../deploy/local/story/virtual-machine.ts";

const errorSchema = z.object({
  cniVersion: z.string(),
  code: z.int(),
  msg: z.string(),
  details: z.string().default(""),
});

/** What a failed plugin printed. */
export type PluginError = Readonly<z.output<typeof errorSchema>>;

/** An ADD in main mode, sized by the agent. */
export interface PluginCall {
  readonly pod: Pick<LauncherPod, "name" | "uid" | "vm">;
  readonly netns: string;
  readonly ifName: string;
  readonly node?: string;
}

/** Undefined when it succeeds. */
export async function addByItself(cluster: Cluster, call: PluginCall): Promise<PluginError | undefined> {
  const { pod, netns, ifName } = call;
  const { distDir } = cluster.layout;
  const { status, stdout } = await cluster.node(call.node ?? pod.vm.node).run([path.join(distDir, "mqtap")], {
    allowFailure: true,
    stdin: JSON.stringify({ cniVersion: "1.1.0", name: "direct", type: "mqtap", mode: "main", sizing: "vm" }),
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: pod.name,
      CNI_NETNS: netns,
      CNI_IFNAME: ifName,
      CNI_PATH: distDir,
      CNI_ARGS: [
        `K8S_POD_NAMESPACE=${namespaceOf(pod.vm)}`,
        `K8S_POD_NAME=${pod.name}`,
        `K8S_POD_INFRA_CONTAINER_ID=${pod.name}`,
        `K8S_POD_UID=${pod.uid}`,
        "IgnoreUnknown=1",
      ].join(";"),
    },
  });
  return status === 0 ? undefined : errorSchema.parse(JSON.parse(stdout));
}
