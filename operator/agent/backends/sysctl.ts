// The kernel's own limit, on kernels that have one: the strictest backend, since it binds every tap on the node.

import type { KeyReport, SysctlKeeper } from "../sysctl-keeper.ts";
import type { Held, Holding, LimitBackend } from "./backend.ts";

/** `file` is the key's path below the sysctl root. */
export function createSysctlBackend(keeper: Pick<SysctlKeeper, "keep">, file: string): LimitBackend {
  return {
    name: "Sysctl",
    async hold(limit): Promise<Held> {
      const wanted = limit === undefined ? undefined : { value: String(limit.maxQueues), onRemoval: limit.onRemoval };
      const report = await keeper.keep(file, wanted);
      const { original, observed, problem, notice } = report;
      return { holding: holdingOf(report), original, observed, problem, notice };
    },
  };
}

function holdingOf({ state }: KeyReport): Holding {
  switch (state) {
    case "Applied":
      return { kind: "held" };
    case "Unsupported":
      return { kind: "unsupported" };
    case "Overridden":
    case "Failed":
      return { kind: "failed" };
    case undefined:
      return { kind: "idle" };
    default:
      return state satisfies never;
  }
}
