// What every verb gets: the call as the runtime made it, and the effects it may use.

import type { Environment } from "../environment.ts";
import type { JsonObject } from "../json-object.ts";
import type { Addressing } from "../kernel/addressing.ts";
import type { Kernel, NetworkNamespace } from "../kernel/kernel.ts";
import type { Log } from "../log.ts";
import type { Syscalls } from "../sys/syscalls.ts";

export interface Effects {
  readonly kernel: Kernel;
  readonly sys: Syscalls;
  readonly log: Log;
  /** Only the program that runs IPAM plugins can set addresses. */
  readonly openAddressing?: ((namespace: NetworkNamespace) => Addressing) | undefined;
}

export interface Call extends Effects {
  readonly environment: Environment;
  /** The configuration as it came, and as JSON. */
  readonly text: string;
  readonly document: JsonObject;
  readonly network: string;
  readonly cniVersion: string;
}

/** A verb returns its stdout: one JSON document with its newline, or nothing. */
export type Command = (call: Call) => string;

export interface Verb {
  readonly run: Command;
  /** The first cniVersion that knows it. */
  readonly since: string;
}

/** By the name that CNI_COMMAND gives. */
export type Verbs = Readonly<Record<string, Verb>>;
