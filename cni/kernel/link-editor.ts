// What adoption asks of the kernel beyond kernel.ts: to change a link that somebody else made, and to wait for one. An interface
// of its own, so that the programs of the verbs carry none of it.

import type { NetworkNamespace } from "./kernel.ts";

/** Links of one network namespace. Not usable after disposal. */
export interface LinkEditor extends Disposable {
  /** @throws SyscallError ENODEV where there is no such link any more. */
  setAlias(index: number, alias: string): void;
  /** Makes noqueue the root qdisc, in place of any other. @throws SyscallError ENODEV where there is no such link any more. */
  setNoqueue(index: number): void;
  /**
   * Returns when something happened to a link since the editor was opened or the last wait ended, or when the time is up. May
   * return for less.
   */
  waitForChange(timeoutMs: number): void;
}

/** Opens the editor of a namespace. @throws SyscallError */
export type OpenLinkEditor = (namespace: NetworkNamespace) => LinkEditor;
