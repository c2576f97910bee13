// Runs an IPAM plugin as the specification's section 4 has it: with our own configuration, and every CNI_ variable set.
// What it fails with is data here; who asked decides what that means for the runtime.

import type { Environment } from "../environment.ts";
import { CniError, errorCodes, isPassing } from "../error.ts";
import { integerWithin, isJsonObject, type JsonObject, memberOf, showJson } from "../json-object.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { findPlugin } from "./find-plugin.ts";

export interface Delegation {
  readonly command: "ADD" | "DEL" | "CHECK" | "STATUS" | "GC";
  readonly type: string;
  /** What a person hears that could not be done: "get addresses". */
  readonly purpose: string;
}

/** What a delegate needs of the call that it is part of. */
export interface Caller {
  readonly sys: Syscalls;
  readonly environment: Environment;
  /** The configuration as it was validated. */
  readonly document: JsonObject;
}

/** A plugin that did not do it. `code` is its own, where it said one. */
export interface DelegateFailure {
  readonly code: number | undefined;
  readonly why: string;
  readonly details: string | undefined;
}

export type DelegateOutcome = { readonly stdout: string } | { readonly failure: DelegateFailure };

/** @throws CniError 121 where there is no such plugin, SyscallError where the node is short of something. */
export function runDelegate(
  { sys, environment, document }: Caller,
  { command, type }: Pick<Delegation, "command" | "type">,
): DelegateOutcome {
  const path = findPlugin(sys, type, environment.path);
  const { containerId, netns, ifName, args } = environment;
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netns,
    CNI_IFNAME: ifName,
    CNI_ARGS: args,
    CNI_PATH: environment.path,
  };
  const stdin = delegateInput(document);
  try {
    const { status, stdout } = sys.execute({ path, argv: [path], variables, stdin });
    return status === 0 ? { stdout } : { failure: failureOf(status, stdout) };
  } catch (error) {
    if (!(error instanceof SyscallError) || isPassing(error)) throw error;
    return { failure: { code: undefined, why: describeRefusal(error), details: error.message } };
  }
}

/**
 * The configuration as it was validated, and not as it came: of one key given twice Go keeps parts of the first, which nobody
 * here has seen or held against the policy. @throws CniError 7 where the engine reads deeper than it can write.
 */
export function delegateInput(document: JsonObject): string {
  try {
    return JSON.stringify(document);
  } catch (cause) {
    const why = "it is nested too deeply, or too large, for an IPAM plugin";
    throw new CniError(errorCodes.InvalidNetworkConfig, `invalid network configuration: ${why}`, { cause });
  }
}

/** The plugin's stdout. @throws CniError 11 where it asks to be tried again, else 120 with its words. */
export function delegate(caller: Caller, delegation: Delegation): string {
  const outcome = runDelegate(caller, delegation);
  if (!("failure" in outcome)) return outcome.stdout;
  throw failureError(delegation, outcome.failure);
}

/** Code 11 of the plugin stays, anything else is 120. */
export function failureError(delegation: Delegation, { code, why, details }: DelegateFailure): CniError {
  return delegateError(delegation, why, {
    code: code === errorCodes.TryAgainLater ? code : errorCodes.IpamFailed,
    ...(details !== undefined && { details }),
  });
}

/** The error of a plugin that failed, or answered what makes no sense. */
export function delegateError(
  { type, purpose }: Pick<Delegation, "type" | "purpose">,
  why: string,
  { code = errorCodes.IpamFailed, details }: { readonly code?: number; readonly details?: string } = {},
): CniError {
  const message = `cannot ${purpose}: IPAM plugin ${JSON.stringify(type)}: ${why}`;
  return new CniError(code, message, details === undefined ? {} : { details });
}

/** The error document on its stdout; what is none is shown. */
function failureOf(status: number, stdout: string): DelegateFailure {
  const document = parseObject(stdout);
  const code = integerWithin(document && memberOf(document, "code"), 1, Number.MAX_SAFE_INTEGER);
  const msg = document && memberOf(document, "msg");
  if (code === undefined || typeof msg !== "string") {
    const ended = status > 128 ? `was killed by signal ${status - 128}` : `ended with status ${status}`;
    return { code: undefined, why: `it ${ended} and ${describeOutput(stdout)}`, details: undefined };
  }
  const more = document && memberOf(document, "details");
  const details = typeof more === "string" && more !== "" ? `its code is ${code}: ${more}` : `its code is ${code}`;
  return { code, why: msg === "" ? `it failed with code ${code}` : msg, details };
}

/** What a plugin printed, short enough for a message. */
export function describeOutput(stdout: string): string {
  return stdout.trim() === "" ? "printed nothing" : `printed ${showJson(stdout.trimEnd())}`;
}

function describeRefusal({ code }: SyscallError): string {
  if (code === "EFBIG") return "it printed more than 8 MiB";
  if (code === "ETXTBSY") return "it is being written just now (ETXTBSY): try again";
  return `it cannot be started (${code})`;
}

/** Undefined for what is not one JSON object. */
export function parseObject(text: string): JsonObject | undefined {
  if (text.length > longestDocument) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Far more than any result, and little enough for the engine's memory. */
const longestDocument = 1_048_576;
