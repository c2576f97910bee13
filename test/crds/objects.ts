// Builders of the objects that the CRD tests try on our parsers and on the API server.

export type Json = Readonly<Record<string, unknown>>;

/** A NodeNetworkConfig as a person writes it. */
export function config(spec: Json, name = "tried"): Json {
  return { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkConfig", metadata: { name }, spec };
}

/** A NodeNetworkConfig for all nodes with a limit of 4, changed by `spec`. */
export function limit(spec: Json): Json {
  return config({ nodeSelector: {}, tuntap: { maxQueues: 4 }, ...spec });
}

/** A NodeNetworkConfig for the nodes of one label expression. */
export function selecting(expression: Json): Json {
  return limit({ nodeSelector: { matchExpressions: [expression] } });
}

/** A NodeNetworkConfig with one sysctl. */
export function setting(name: string, value: unknown): Json {
  return limit({ sysctls: [{ name, value }] });
}

/** A NodeNetworkProfile that is valid until `spec` changes it. */
export function profile(spec: Json, name = "tried"): Json {
  return {
    apiVersion: "mqtap.io/v1alpha1",
    kind: "NodeNetworkProfile",
    metadata: { name },
    spec: {
      tuntap: { maxQueues: 4, maxQueuesPerVM: 32, enforcement: "BestEffort", onRemoval: "Restore" },
      sysctls: [{ name: "net.core.netdev_max_backlog", value: "5000", onRemoval: "Restore" }],
      sources: [
        {
          config: "dense-windows",
          keys: ["tuntap.maxQueues", "tuntap.maxQueuesPerVM", "net.core.netdev_max_backlog"],
          generation: 3,
        },
      ],
      hash: "0123456789abcdef",
      ...spec,
    },
  };
}
