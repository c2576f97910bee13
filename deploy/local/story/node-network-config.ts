// The intent that the story applies, as a person would write it.

export const configName = "dense-windows";

/** YAML of the config with this limit. */
export function nodeNetworkConfigYaml(maxQueues: number): string {
  return `apiVersion: mqtap.io/v1alpha1
kind: NodeNetworkConfig
metadata: {name: ${configName}}
spec:
  nodeSelector: {matchLabels: {node-role.kubernetes.io/worker: ""}}
  tuntap: {maxQueues: ${maxQueues}, maxQueuesPerVM: 32}
`;
}
