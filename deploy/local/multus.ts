// What Multus needs in the API: the kind of its networks, with no more of a schema than it reads, and its rights.
import type { Manifest } from "./story/virtual-machine.ts";

const group = "k8s.cni.cncf.io";

/** Multus' identity. */
export const multusAccount = { namespace: "kube-system", serviceAccount: "multus" } as const;

const { namespace, serviceAccount: name } = multusAccount;

const networkKind: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `network-attachment-definitions.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: {
      kind: "NetworkAttachmentDefinition",
      plural: "network-attachment-definitions",
      singular: "network-attachment-definition",
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { config: { type: "string" } } } },
          },
        },
      },
    ],
  },
};

const role: Manifest = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name },
  rules: [
    { apiGroups: [group], resources: ["network-attachment-definitions"], verbs: ["get"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    { apiGroups: [""], resources: ["pods/status"], verbs: ["get", "update"] },
    { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
  ],
};

const binding: Manifest = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
  subjects: [{ kind: "ServiceAccount", name, namespace }],
};

/** To be applied before the first network. */
export const multusManifests: readonly Manifest[] = [
  networkKind,
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
  role,
  binding,
];

/** A NetworkAttachmentDefinition in namespace "default". */
export function networkManifest(network: string, config: Readonly<Record<string, unknown>>): Manifest {
  return {
    apiVersion: `${group}/v1`,
    kind: "NetworkAttachmentDefinition",
    metadata: { name: network, namespace: "default" },
    spec: { config: JSON.stringify(config) },
  };
}
