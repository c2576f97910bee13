// A Kernel in memory, for tests of what stands on it. It can be told to fail, and it writes down what was asked of it.

import type { Addressing } from "../../cni/kernel/addressing.ts";
import type { Kernel, Link, NetworkNamespace, PendingTap, TapOperation } from "../../cni/kernel/kernel.ts";
import type { LinkEditor } from "../../cni/kernel/link-editor.ts";
import { rejectPromise } from "../../cni/kernel/netns.ts";
import { FakeAddressing, type FakeAddressingStep } from "./fake-addressing.ts";
import { FakeNamespace, syscallError } from "./fake-namespace.ts";

/** A step that a test can make fail: a method of Kernel or NetworkNamespace, or one operation of a tap. */
export type FakeStep =
  | "openNamespace"
  | "findLink"
  | "links"
  | "createTap"
  | "deleteLink"
  | TapOperation["kind"]
  | FakeAddressingStep;

export class FakeKernel implements Kernel {
  /** The namespace that the process itself is in. */
  readonly own: FakeNamespace;
  /** The node's, where that is not the process's own. */
  host: FakeNamespace | undefined;
  hasTun = true;
  isEnforcing = false;
  /** Whether the kernel takes SELinux labels at all. */
  hasSelinux = false;
  /** What happens while an editor waits: time passes, links come and go. */
  onWait: (timeoutMs: number) => void = () => {};
  /** What was asked, in order: `createTap tap0`, `setOwner`, `persist`, `deleteLink 3` ... */
  readonly log: string[] = [];
  readonly #namespaces = new Map<string, FakeNamespace>();
  /** Also those that no path leads to any more. */
  readonly #byIdentity = new Map<string, FakeNamespace>();
  readonly #failures: { readonly step: FakeStep; readonly code: string; readonly before: (() => void) | undefined }[] =
    [];
  #created = 0;
  #open = 0;

  constructor() {
    this.own = this.addNamespace("/proc/self/ns/net");
  }

  /** Makes a namespace that holds `lo` alone, found at `path`. */
  addNamespace(path: string): FakeNamespace {
    this.#created += 1;
    const namespace = new FakeNamespace(`4:${4_026_530_000 + this.#created}`);
    this.#namespaces.set(path, namespace);
    this.#byIdentity.set(namespace.identity, namespace);
    return namespace;
  }

  /** The same namespace under a second path. */
  linkNamespace(path: string, namespace: FakeNamespace): void {
    this.#namespaces.set(path, namespace);
  }

  /** The path leads nowhere any more; whoever has the namespace open keeps it. */
  removeNamespace(path: string): void {
    this.#namespaces.delete(path);
  }

  /** The next such step throws `code`; `before` runs first, for races. Calls add up. */
  failNext(step: FakeStep, code: string, before?: () => void): void {
    this.#failures.push({ step, code, before });
  }

  /** Namespaces and taps that nobody disposed of yet. A test that ends well finds 0. */
  get openHandles(): number {
    return this.#open;
  }

  openNamespace(path: string): NetworkNamespace | undefined {
    this.#note("openNamespace", path);
    const namespace = this.#namespaces.get(path);
    return namespace === undefined ? undefined : this.#handle(namespace);
  }

  /** The addresses and routes of an open namespace. */
  openAddressing(namespace: NetworkNamespace): Addressing {
    this.#note("openAddressing", "");
    const found = this.#byIdentity.get(namespace.identity);
    if (found === undefined) throw new Error(`no namespace ${namespace.identity}`);
    const close = this.#opened();
    const use = (step: FakeStep, detail: string): void => {
      close.check();
      this.#note(step, detail);
    };
    return new FakeAddressing(found.ip, { use, dispose: close.dispose });
  }

  hostNamespaceIdentity(): string | undefined {
    return this.host?.identity ?? this.own.identity;
  }

  /** To change the links of an open namespace, and to wait for them. */
  openLinkEditor(namespace: NetworkNamespace): LinkEditor {
    const found = this.#byIdentity.get(namespace.identity);
    if (found === undefined) throw new Error(`no namespace ${namespace.identity}`);
    const close = this.#opened();
    let seen = found.changes;
    const perform = (index: number, operation: TapOperation): void => {
      close.check();
      this.#note(operation.kind, String(index));
      found.perform(index, operation);
    };
    return {
      setAlias: (index, alias) => perform(index, { kind: "setAlias", alias }),
      setNoqueue: (index) => perform(index, { kind: "setQdisc", qdisc: "noqueue" }),
      waitForChange: (timeoutMs) => {
        close.check();
        if (found.changes === seen) this.onWait(timeoutMs);
        seen = found.changes;
      },
      [Symbol.dispose]: close.dispose,
    };
  }

  ownNamespaceIdentity(): string {
    return this.own.identity;
  }

  hasTunDevice(): boolean {
    return this.hasTun;
  }

  isSelinuxEnforcing(): boolean {
    return this.isEnforcing;
  }

  #note(step: FakeStep, detail: string): void {
    this.log.push(detail === "" ? step : `${step} ${detail}`);
    const at = this.#failures.findIndex((failure) => failure.step === step);
    if (at < 0) return;
    const [failure] = this.#failures.splice(at, 1);
    if (failure === undefined) return;
    failure.before?.();
    throw syscallError(step === "createTap" ? "TUNSETIFF" : step, failure.code, detail);
  }

  #handle(namespace: FakeNamespace): NetworkNamespace {
    const close = this.#opened();
    const use = (step: FakeStep, detail: string): void => {
      close.check();
      this.#note(step, detail);
    };
    return {
      identity: namespace.identity,
      findLink: (name: string): Link | undefined => {
        use("findLink", name);
        return namespace.find(name);
      },
      links: (): readonly Link[] => {
        use("links", "");
        return namespace.list();
      },
      createTap: (name: string, isMultiQueue: boolean, selinuxLabel?: string): PendingTap => {
        use("createTap", selinuxLabel === undefined ? name : `${name} ${selinuxLabel}`);
        if (!this.hasTun) throw syscallError("open", "ENOENT", '"/dev/net/tun"');
        if (selinuxLabel !== undefined && !this.hasSelinux) throw syscallError("setexeccon", "EINVAL", selinuxLabel);
        return this.#pendingTap(namespace, namespace.createTap(name, isMultiQueue));
      },
      deleteLink: (index: number): void => {
        use("deleteLink", String(index));
        namespace.remove(index);
      },
      enter: <T>(body: () => T): T => {
        close.check();
        return rejectPromise(body());
      },
      [Symbol.dispose]: close.dispose,
    };
  }

  #pendingTap(namespace: FakeNamespace, link: Link): PendingTap {
    const close = this.#opened(() => namespace.release(link.index));
    return {
      link,
      perform: (operation: TapOperation): void => {
        close.check();
        this.#note(operation.kind, "");
        namespace.perform(link.index, operation);
      },
      [Symbol.dispose]: close.dispose,
    };
  }

  #opened(release: () => void = () => {}): { readonly check: () => void; readonly dispose: () => void } {
    let isOpen = true;
    this.#open += 1;
    return {
      check: () => {
        if (!isOpen) throw new Error("cannot use it after its disposal");
      },
      dispose: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#open -= 1;
        release();
      },
    };
  }
}
