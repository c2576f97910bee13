// `npm start -- --nodes`: mqtap as a cluster's administrator has it, on two whole nodes: installed by one command, a limit, VMs'
// pods, and taken away again. Every command is run as it is shown.
import { once } from "node:events";
import path from "node:path";
import type { Bed } from "../bed/bed.ts";
import {
  chainedPlugin,
  describeInstallation,
  startKubevirtBed,
  waitUntilInstalled,
} from "../bed/installed/installed-bed.ts";
import { interruptible } from "../story/interruptible.ts";
import type { Layout } from "../story/layout.ts";
import type { Telling } from "../story/tell-story.ts";
import { waitUntil } from "../story/wait-until.ts";
import { type Administrator, administratorOf } from "./administrator.ts";
import { removeVms, runVms } from "./run-vms.ts";

const limit = `apiVersion: mqtap.io/v1alpha1
kind: NodeNetworkConfig
metadata: {name: at-most-four}
spec:
  nodeSelector: {}
  tuntap: {maxQueues: 4}
`;

/** Tells it. Whatever it started is gone when this settles. */
export async function tellNodesStory(telling: Telling): Promise<void> {
  const { layout, signal } = telling;
  const narrator = interruptible(telling.narrator, signal);
  const started = performance.now();
  narrator.heading("A Kubernetes of two nodes, each in namespaces and cgroups of its own");
  narrator.say(
    "etcd, kube-apiserver, kube-controller-manager, kube-scheduler; on the nodes kubelet, containerd, runc, Multus.",
  );
  await using resources = new AsyncDisposableStack();
  const bed = resources.use(await startKubevirtBed({ layout, log: (line) => narrator.output(line) }));
  const administrator = administratorOf(bed, narrator, layout);
  try {
    await administrator.kubectl(["get", "nodes"]);
    await install(administrator, layout);
    await setLimit(administrator);
    await runVms(administrator, layout);
    if (telling.isKept) await stay(bed, telling);
    telling.signal.throwIfAborted();
    await uninstall(administrator, layout);
  } catch (error) {
    if (!signal.aborted)
      telling.narrator.output(["", ...(await describeInstallation(bed)).split("\n"), ...bed.logTails()]);
    throw error;
  }
  narrator.heading("Leaving nothing behind");
  await resources.disposeAsync();
  narrator.say(`Stopped and removed: two nodes with all that ran in them, the control plane, and ${bed.directory}.`);
  narrator.say(`Done in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
}

async function install({ bed, narrator, kubectl }: Administrator, { overlay }: Layout): Promise<void> {
  narrator.heading("mqtap: one command");
  await kubectl(["apply", "-k", overlay]);
  await kubectl(["rollout", "status", "--namespace=mqtap-system", "daemonset/mqtap-agent"]);
  await waitUntilInstalled(bed);
  await kubectl(["get", "pods", "--namespace=mqtap-system", "-o", "wide"]);
  const message =
    '{range .items[*]}{.metadata.name}: {.status.conditions[?(@.type=="PluginInstalled")].message}{"\\n"}{end}';
  await kubectl(["get", "mqp", "-o", `jsonpath=${message}`]);
  narrator.say(
    "The pods' default network here is a bridge, and ours to edit. mqtap becomes the last plugin of its chain:",
  );
  narrator.output(chainedPlugin.map((plugin) => JSON.stringify(plugin)));
  await bed.setDefaultNetwork(chainedPlugin);
}

async function setLimit({ bed, narrator, kubectl }: Administrator): Promise<void> {
  narrator.heading("A limit: at most 4 queues a tap, on every node");
  await kubectl(["apply", "-f", "-"], { stdin: limit, shown: `kubectl apply -f - <<EOF\n${limit}EOF` });
  await kubectl(["wait", "--for=condition=Ready", "mqc", "--all", "--timeout=60s"]);
  await kubectl(["get", "mqp,mqc"]);
  narrator.say(
    `${bed.nodes[0]?.name}'s kernel has a tuntap sysctl (a file stands for it) that refuses the fifth queue; the other has none, as` +
      " almost every kernel: there the limit is advisory.",
  );
}

async function uninstall(administrator: Administrator, { root }: Layout): Promise<void> {
  const { bed, narrator, kubectl, onNode } = administrator;
  const overlay = path.join(root, "deploy/overlays/uninstall");
  narrator.heading("Taking it away");
  await kubectl(["apply", "-k", overlay]);
  narrator.say("As long as taps or networks need the plugin, it stays, and the profile says why:");
  const reason =
    '{range .items[*]}{.metadata.name}: {.status.conditions[?(@.type=="Uninstalled")].message}{"\\n"}{end}';
  await waitUntil(
    "the agents' first word",
    async () => {
      const said = await bed.kubectl(["get", "mqp", "-o", `jsonpath=${reason}`]);
      return said.split("\n").filter((line) => /: \S/.test(line)).length === bed.nodes.length ? true : undefined;
    },
    { timeoutMs: 120_000, intervalMs: 500 },
  );
  await kubectl(["get", "mqp", "-o", `jsonpath=${reason}`]);
  await removeVms(administrator);
  narrator.say("mqtap is taken out of the network's chain.");
  await bed.setDefaultNetwork([]);
  await kubectl(["wait", "--for=condition=Uninstalled", "mqp", "--all", "--timeout=3m"]);
  await onNode("node1", ["ls", "/opt/cni/bin/mqtap", "/etc/cni/mqtap", "/var/lib/mqtap"]);
  await kubectl(["delete", "-k", overlay]);
}

/** `--keep`: everything stays up until the signal. */
async function stay(bed: Bed, { narrator, signal, layout }: Telling): Promise<void> {
  narrator.say("");
  narrator.say("Everything stays up. To talk to it:");
  const kubectl = path.join(layout.binDir, "kubectl");
  narrator.command(`${kubectl} --kubeconfig ${bed.controlPlane.adminKubeconfigPath} get mqc,mqp,vmi,pods -A`);
  for (const node of bed.nodes) narrator.command(node.enter(["bash"]).join(" "));
  narrator.say(`Logs: ${bed.directory}/*/*.log`);
  narrator.say(`To stop it: Ctrl-C here, or kill ${process.pid}`);
  if (!signal.aborted) await once(signal, "abort");
}
