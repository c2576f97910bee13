// Runs cases inside a network namespace of the suite, so that no tap of theirs is seen on the machine.

import { ThreadNamespaces } from "../../cni/kernel/netns.ts";
import { type Cases, isThere } from "./expect.ts";
import type { SyscallsWorld } from "./syscalls-world.ts";

export interface SyscallsNamespaceWorld extends SyscallsWorld {
  readonly namespacePath: string;
}

export function inNamespace(cases: Cases<SyscallsWorld>): Cases<SyscallsNamespaceWorld> {
  const wrapped = Object.entries(cases).map(([name, act]) => {
    const inside = (world: SyscallsNamespaceWorld): void => {
      const thread = new ThreadNamespaces(world.syscalls);
      const { fd } = isThere(thread.open(world.namespacePath));
      try {
        thread.run(fd, () => act(world));
      } finally {
        world.syscalls.close(fd);
      }
    };
    return [name, inside] as const;
  });
  return Object.fromEntries(wrapped);
}
