// A VMI's vCPUs as virt-launcher counts them for queues: GetCPUTopology in KubeVirt's converter/vcpu/vcpu.go.

import { MalformedObjectError } from "./json-reader.ts";
import { ceilQuantity } from "./quantity.ts";

/** spec.domain.cpu as it stands (undefined and 0 both mean "not set") and the CPU resources. */
export interface CpuSpec {
  readonly sockets: number | undefined;
  readonly cores: number | undefined;
  readonly threads: number | undefined;
  readonly limit: string | number | undefined;
  readonly request: string | number | undefined;
}

/**
 * Zero fields count as 1; with no topology at all the limit, else the request, rounded up, is the number of sockets.
 * @throws MalformedObjectError when that quantity cannot be read.
 */
export function countVcpus(cpu: CpuSpec): number {
  const hasTopology = [cpu.sockets, cpu.cores, cpu.threads].some((count) => (count ?? 0) !== 0);
  const sockets = hasTopology ? cpu.sockets || 1 : socketsOfResources(cpu);
  // KubeVirt multiplies uint32 values, which wrap.
  return Math.imul(Math.imul(sockets, cpu.cores || 1), cpu.threads || 1) >>> 0;
}

function socketsOfResources(cpu: CpuSpec): number {
  const quantity = cpu.limit ?? cpu.request;
  if (quantity === undefined) return 1;
  try {
    return Number(BigInt.asUintN(32, ceilQuantity(quantity)));
  } catch (cause) {
    throw new MalformedObjectError(`the VMI's CPU resource "${quantity}" is not a quantity`, { cause });
  }
}
