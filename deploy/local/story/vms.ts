// The VMs of the story.
import type { VirtualMachine } from "./virtual-machine.ts";

const eight = { sockets: 2, cores: 4 };
const secondary = ["blue", "red", "green", "white", "black", "brown", "pink", "gold", "grey"];

/** All networks a VM of the story can have; the first is the pod network. */
export const networkNames: readonly string[] = ["default", ...secondary];

/** node-1 has the tuntap sysctl, node-2 a stock kernel. */
export const nodeNames = { withSysctl: "node-1", stock: "node-2" } as const;

export const storyVms: readonly VirtualMachine[] = [
  { name: "web", node: nodeNames.withSysctl, cpu: eight, networks: ["default"], hasHook: true },
  { name: "small", node: nodeNames.withSysctl, cpu: { sockets: 1, cores: 2 }, networks: ["default"], hasHook: true },
  { name: "tiny", node: nodeNames.stock, cpu: { sockets: 1, cores: 1 }, networks: ["default"], hasHook: true },
  { name: "router", node: nodeNames.stock, cpu: eight, networks: networkNames, hasHook: true },
  { name: "legacy", node: nodeNames.stock, cpu: eight, networks: ["default"], hasHook: false },
];

/** The VM that comes after the limit was lowered. */
export const laterVm: VirtualMachine = {
  name: "later",
  node: nodeNames.stock,
  cpu: eight,
  networks: ["default"],
  hasHook: true,
};
