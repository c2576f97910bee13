// What controllers and kubelets would write in a whole cluster, written by hand: Node objects that are Ready,
// the service account `default` of a namespace, and service-account tokens (bound to a node, as kubelet asks for them).
import { z } from "zod";
import { ApiStatusError } from "./api-request.ts";
import type { ControlPlane } from "./control-plane.ts";

/** A service account, and how long its token is good. */
export interface TokenOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly expirationSeconds?: number;
}

const metadataSchema = z.object({ metadata: z.object({ name: z.string(), uid: z.string() }) });
const tokenRequestSchema = z.object({ status: z.object({ token: z.string() }) });

/** Creates (or finds) a Linux node and reports it Ready, as its kubelet would. */
export async function writeNodeReady(
  controlPlane: ControlPlane,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<{ readonly name: string; readonly uid: string }> {
  const allLabels = { "kubernetes.io/os": "linux", "kubernetes.io/hostname": name, ...labels };
  const node = { apiVersion: "v1", kind: "Node", metadata: { name, labels: allLabels } };
  await createUnlessPresent(controlPlane, "/api/v1/nodes", node);
  const now = new Date().toISOString();
  const ready = {
    type: "Ready",
    status: "True",
    reason: "KubeletReady",
    message: "written by the test bed: no kubelet runs here",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  const { body } = await controlPlane.request({
    method: "PATCH",
    path: `/api/v1/nodes/${name}/status`,
    contentType: "application/strategic-merge-patch+json",
    body: { status: { conditions: [ready], nodeInfo: { operatingSystem: "linux", architecture: "amd64" } } },
  });
  return metadataSchema.parse(body).metadata;
}

/** Creates the namespace unless it is there, and the service account that pods in it use. */
export async function createNamespace(controlPlane: ControlPlane, name: string): Promise<void> {
  await createUnlessPresent(controlPlane, "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  });
  await createUnlessPresent(controlPlane, `/api/v1/namespaces/${name}/serviceaccounts`, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default" },
  });
}

/** A token of a service account, bound to nothing else. */
export function serviceAccountToken(controlPlane: ControlPlane, options: TokenOptions): Promise<string> {
  return requestToken(controlPlane, options, undefined);
}

/** A token of a service account that carries the node's name and uid as claims, as a pod on that node gets. */
export async function nodeBoundToken(
  controlPlane: ControlPlane,
  options: TokenOptions & { readonly node: string },
): Promise<string> {
  const { body } = await controlPlane.request({ method: "GET", path: `/api/v1/nodes/${options.node}` });
  const { name, uid } = metadataSchema.parse(body).metadata;
  return requestToken(controlPlane, options, { kind: "Node", apiVersion: "v1", name, uid });
}

/** A kubeconfig file that speaks as the service account; bound to `node` when it is given. */
export async function serviceAccountKubeconfig(
  controlPlane: ControlPlane,
  options: TokenOptions & { readonly node?: string },
): Promise<string> {
  const { node, ...account } = options;
  const token =
    node === undefined
      ? await serviceAccountToken(controlPlane, account)
      : await nodeBoundToken(controlPlane, { ...account, node });
  return controlPlane.writeKubeconfig([account.serviceAccount, node].filter(Boolean).join("-"), token);
}

async function requestToken(
  controlPlane: ControlPlane,
  { namespace, serviceAccount, expirationSeconds = 24 * 3600 }: TokenOptions,
  boundObjectRef: object | undefined,
): Promise<string> {
  const { body } = await controlPlane.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds, ...(boundObjectRef === undefined ? {} : { boundObjectRef }) },
    },
  });
  return tokenRequestSchema.parse(body).status.token;
}

async function createUnlessPresent(controlPlane: ControlPlane, path: string, body: object): Promise<void> {
  try {
    await controlPlane.request({ method: "POST", path, body });
  } catch (error) {
    if (!(error instanceof ApiStatusError && error.status === 409)) throw error;
  }
}
