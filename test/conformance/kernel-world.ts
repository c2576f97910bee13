// What a case of the kernel finds, and how it opens its namespace.

import type { Kernel, Link, NetworkNamespace } from "../../cni/kernel/kernel.ts";
import { isThere } from "./expect.ts";

export interface KernelWorld {
  readonly kernel: Kernel;
  /** A namespace of this case alone: `lo` and the bridge `bridge0`, both down. */
  readonly namespacePath: string;
  /** Paths at which there is no network namespace. */
  readonly deadPaths: readonly string[];
  /** Opens queues of a tap, as QEMU does. */
  readonly attachQueues: (
    tap: string,
    options: { readonly isMultiQueue: boolean; readonly count: number },
  ) => Disposable;
}

/** The case's namespace. */
export function open(world: KernelWorld): NetworkNamespace {
  return isThere(world.kernel.openNamespace(world.namespacePath));
}

/** Makes a tap that stays. */
export function persistent(namespace: NetworkNamespace, name: string, isMultiQueue: boolean): Link {
  using tap = namespace.createTap(name, isMultiQueue);
  tap.perform({ kind: "persist" });
  return tap.link;
}
