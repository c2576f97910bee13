// This node's limits as sizing needs them, from the spec in force, the kernel's own value and what holds the limit.

import type { LimitBackend, NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import type { NodeLimits } from "./sizing/caps.ts";

export interface LimitSituation {
  /** undefined: no profile has ever been seen. */
  readonly spec: NodeNetworkProfileSpec | undefined;
  readonly enforcedBy: LimitBackend | undefined;
  /** What the kernel's own limit reads; undefined where it has none. */
  readonly kernel: string | undefined;
  /** As a person names the sysctl. */
  readonly kernelSysctl: string;
}

export function nodeLimitsOf({ spec, enforcedBy, kernel, kernelSysctl }: LimitSituation): NodeLimits {
  return {
    maxQueues: spec?.tuntap?.maxQueues,
    maxQueuesSource: sourceOf(spec, "tuntap.maxQueues"),
    maxQueuesPerVm: spec?.tuntap?.maxQueuesPerVM,
    maxQueuesPerVmSource: sourceOf(spec, "tuntap.maxQueuesPerVM"),
    enforcement: spec?.tuntap?.enforcement ?? "BestEffort",
    kernelLimit: kernelLimitOf(kernel),
    kernelSysctl,
    hasBackend: enforcedBy !== undefined && enforcedBy !== "Advisory",
  };
}

/** The kernel's own limit; undefined where it has none, or shows something that is no number. */
export function kernelLimitOf(kernel: string | undefined): number | undefined {
  return kernel !== undefined && /^\d{1,9}$/.test(kernel) ? Number(kernel) : undefined;
}

/** Which config a value comes from, as status and events name it. */
export function sourceOf(spec: NodeNetworkProfileSpec | undefined, key: string): string {
  const source = spec?.sources.find(({ keys }) => keys.includes(key));
  return source === undefined ? "none" : `NodeNetworkConfig/${source.config}`;
}
