// The LinkEditor of Linux: two netlink sockets, one to ask and one to listen.

import { LinkChanges } from "../netlink/link-changes.ts";
import { Route } from "../netlink/route.ts";
import type { Syscalls } from "../sys/syscalls.ts";
import type { NetworkNamespace } from "./kernel.ts";
import type { LinkEditor } from "./link-editor.ts";

class LinuxLinkEditor implements LinkEditor {
  readonly #route: Route;
  readonly #changes: LinkChanges;

  /** The thread has to be in the namespace. */
  constructor(syscalls: Syscalls) {
    this.#changes = new LinkChanges(syscalls);
    try {
      this.#route = new Route(syscalls);
    } catch (error) {
      this.#changes[Symbol.dispose]();
      throw error;
    }
  }

  setAlias(index: number, alias: string): void {
    this.#route.setAlias(index, alias);
  }

  setNoqueue(index: number): void {
    this.#route.setRootQdisc(index, "noqueue");
  }

  waitForChange(timeoutMs: number): void {
    this.#changes.wait(timeoutMs);
  }

  [Symbol.dispose](): void {
    this.#changes[Symbol.dispose]();
    this.#route[Symbol.dispose]();
  }
}

/** What it opens stays bound to the namespace, wherever the thread goes later. @throws SyscallError */
export function openLinuxLinkEditor(syscalls: Syscalls, namespace: NetworkNamespace): LinkEditor {
  return namespace.enter(() => new LinuxLinkEditor(syscalls));
}
