// An IPAM plugin on a FakeNode: it answers as a test says, and keeps which attachments have an address, as host-local does.

import type { Executed, Execution } from "../../cni/sys/syscalls.ts";
import type { FakeNode } from "./fake-node.ts";

/** What the plugin gives to every attachment. */
export const ipamResult = {
  cniVersion: "1.1.0",
  ips: [
    { address: "10.0.0.5/24", gateway: "10.0.0.1" },
    { address: "fd00::5/64", gateway: "fd00::1" },
  ],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
};

export class FakeIpam {
  /** Container ids that have an address. */
  readonly reserved = new Set<string>();
  /** By CNI_COMMAND: what it does instead. */
  readonly answers = new Map<string, Executed | (() => Executed)>();
  readonly #node: FakeNode;

  /** Installs it as host-local. */
  constructor(node: FakeNode) {
    this.#node = node;
    node.sys.programs.set("/opt/cni/bin/host-local", (execution) => this.#run(execution));
  }

  /** The commands it was given, in order. */
  get commands(): readonly (string | undefined)[] {
    return this.#node.sys.executions.map(({ variables }) => variables["CNI_COMMAND"]);
  }

  /** The next such command fails with an error document, until it is told otherwise. */
  failWith(command: string, document: Readonly<Record<string, unknown>>): void {
    this.answers.set(command, { status: 1, stdout: JSON.stringify(document) });
  }

  #run({ variables }: Execution): Executed {
    const { CNI_COMMAND: command = "", CNI_CONTAINERID: id = "" } = variables;
    const answer = this.answers.get(command);
    if (command === "DEL" && answer === undefined) this.reserved.delete(id);
    if (command === "ADD" && answer === undefined && this.reserved.has(id)) {
      return { status: 1, stdout: JSON.stringify({ code: 999, msg: "duplicate allocation is not allowed" }) };
    }
    // It may fail after it reserved.
    if (command === "ADD") this.reserved.add(id);
    if (answer !== undefined) return typeof answer === "function" ? answer() : answer;
    return { status: 0, stdout: command === "ADD" ? JSON.stringify(ipamResult) : "" };
  }
}
