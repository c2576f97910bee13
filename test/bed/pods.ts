// Pods of the bed's tests: what is the same in each, and what tests ask of them.
import { z } from "zod";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { testImage } from "../../deploy/local/bed/test-images.ts";
import type { CommandResult } from "../../deploy/local/command.ts";
import type { Manifest } from "../../deploy/local/story/virtual-machine.ts";

const podSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  status: z.object({
    podIP: z.string(),
    containerStatuses: z.array(z.object({ containerID: z.string(), restartCount: z.int() })).default([]),
  }),
});

/** A pod on the node that does nothing, and ends at once when it is told to. */
export function idlePod(name: string, node: string, networks: readonly object[] = []): Manifest {
  const annotations = networks.length === 0 ? {} : { "k8s.v1.cni.cncf.io/networks": JSON.stringify(networks) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, annotations },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "main", image: testImage, command: ["sh", "-c", "trap exit TERM; sleep 1000000 & wait"] }],
    },
  };
}

export async function apply(bed: Bed, ...manifests: readonly Manifest[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  await bed.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(list) });
}

/** Waits until the pods are Ready. @throws CommandError when that takes too long */
export async function waitReady(bed: Bed, ...names: readonly string[]): Promise<void> {
  const pods = names.map((name) => `pod/${name}`);
  await bed.kubectl(["wait", "--for=condition=Ready", "--timeout=60s", ...pods], { timeoutMs: 70_000 });
}

export async function readPod(bed: Bed, name: string): Promise<z.output<typeof podSchema>> {
  return podSchema.parse(JSON.parse(await bed.kubectl(["get", "pod", name, "-o", "json"])));
}

/** Runs a program in the pod's container, as `kubectl exec` does. @throws CommandError */
export function inPod(bed: Bed, name: string, argv: readonly string[]): Promise<string> {
  return bed.kubectl(["exec", name, "--", ...argv]);
}

/** Files that host-local keeps, one for each address given away, in all networks of the node. */
export async function givenAddresses(bed: Bed, node: string): Promise<readonly string[]> {
  const script = "cd /var/lib/cni/networks && ls -d */[0-9]* 2>/dev/null || true";
  const { stdout }: CommandResult = await bed.node(node).run(["sh", "-c", script]);
  return stdout.trim() === "" ? [] : stdout.trim().split("\n");
}

/** The uids of pods of a namespace: of all, or of those named. */
export async function podUids(bed: Bed, namespace: string, ...names: readonly string[]): Promise<readonly string[]> {
  const output = names.length === 1 ? "jsonpath={.metadata.uid}" : "jsonpath={.items[*].metadata.uid}";
  return (await bed.kubectl(["get", "pods", "--namespace", namespace, ...names, "-o", output])).split(" ");
}
