// An Addressing in memory over the addresses and routes of a FakeNamespace, for tests of what stands on it.

import type { Addressing, IpPrefix, IpRoute } from "../../cni/kernel/addressing.ts";
import type { FakeIpStack } from "./fake-ip-stack.ts";

/** A step that a test can make fail. */
export type FakeAddressingStep =
  | "openAddressing"
  | "enableIpv6"
  | "addAddress"
  | "addRoute"
  | "addresses"
  | "routes"
  | "announceByArp";

/** What FakeKernel does with each step: it writes it down, and fails where a test says so. */
export interface FakeHandle {
  readonly use: (step: FakeAddressingStep, detail: string) => void;
  readonly dispose: () => void;
}

/** One opening of a namespace's addressing. */
export class FakeAddressing implements Addressing {
  readonly #stack: FakeIpStack;
  readonly #handle: FakeHandle;

  constructor(stack: FakeIpStack, handle: FakeHandle) {
    this.#stack = stack;
    this.#handle = handle;
  }

  enableIpv6(name: string): void {
    this.#handle.use("enableIpv6", name);
    this.#stack.enableIpv6(name);
  }

  addAddress(index: number, prefix: IpPrefix): void {
    this.#handle.use("addAddress", String(index));
    this.#stack.addAddress(index, prefix);
  }

  addRoute(index: number, route: IpRoute): void {
    this.#handle.use("addRoute", String(index));
    this.#stack.addRoute(index, route);
  }

  addresses(index: number): readonly IpPrefix[] {
    this.#handle.use("addresses", String(index));
    return this.#stack.addresses(index);
  }

  routes(index: number): readonly IpRoute[] {
    this.#handle.use("routes", String(index));
    return this.#stack.routes(index);
  }

  announceByArp(name: string): void {
    this.#handle.use("announceByArp", name);
    this.#stack.announceByArp(name);
  }

  [Symbol.dispose](): void {
    this.#handle.dispose();
  }
}
