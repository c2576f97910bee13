// An API server with KubeVirt's own CRDs, Multus' kind of networks and ours, and deploy/kubevirt as an administrator has
// it after writing the settings: what the tests of those manifests begin with.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { multusManifests } from "../../deploy/local/multus.ts";
import { createNamespace } from "../../deploy/local/nodes.ts";
import { printCrds } from "../kubevirt/peer.ts";

const root = join(import.meta.dirname, "../..");

/** What the tests write into settings/. */
export const settings = {
  hookImage: "registry.test:5000/virt/mqtap-hook@sha256:0",
  kubevirtNamespace: "virt",
  kubevirtName: "the-kubevirt",
  guestImage: "registry.test/guests/debian:12",
} as const;

/** The API server and the adapted copy of deploy/kubevirt. */
export interface KubevirtCluster extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  /** Path of one of its folders. */
  folder(name: string): string;
}

export async function startKubevirtCluster(): Promise<KubevirtCluster> {
  const controlPlane = await startControlPlane({ binDir: componentDirectory() });
  try {
    await controlPlane.kubectl(["create", "-f", "-"], { stdin: printCrds() });
    const ours = { apiVersion: "v1", kind: "List", items: multusManifests };
    await controlPlane.kubectl(["create", "-f", "-"], { stdin: JSON.stringify(ours) });
    await controlPlane.kubectl(["create", "-k", join(root, "crds")]);
    await controlPlane.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
    const manifests = join(controlPlane.directory, "kubevirt-manifests");
    cpSync(join(root, "deploy/kubevirt"), manifests, { recursive: true });
    adaptSettings(join(manifests, "settings/settings.yaml"));
    await createNamespace(controlPlane, settings.kubevirtNamespace);
    return {
      controlPlane,
      folder: (name) => join(manifests, name),
      [Symbol.asyncDispose]: () => controlPlane[Symbol.asyncDispose](),
    };
  } catch (error) {
    await controlPlane[Symbol.asyncDispose]();
    throw error;
  }
}

function adaptSettings(file: string): void {
  let text = readFileSync(file, "utf8");
  for (const [key, value] of Object.entries(settings)) {
    const line = new RegExp(`^  ${key}: .*$`, "m");
    if (!line.test(text)) throw new Error(`cannot adapt "${file}": it has no "${key}"`);
    text = text.replace(line, `  ${key}: ${value}`);
  }
  writeFileSync(file, text);
}

/** The KubeVirt object with these feature gates. */
export function kubevirtObject(featureGates: readonly string[]): object {
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "KubeVirt",
    metadata: { name: settings.kubevirtName, namespace: settings.kubevirtNamespace },
    spec: { configuration: { developerConfiguration: { featureGates } } },
  };
}
