// What plugin and agent say to each other over /run/mqtap/agent.sock: one JSON line each way, at most 64 kB.
// Plain types and small parsers: the binary carries no zod.

import { integerWithin, isJsonObject, type JsonObject, showJson } from "../json-object.ts";

export const sizingProtocolVersion = 1;
export const sizingSocketPath = "/run/mqtap/agent.sock";
export const maxSizingMessageBytes = 65_536;

export type SizingMode = "main" | "companion" | "binding";

/** "What tap for this pod's interface?" Asking twice gives the same answer (keyed by `attachmentId`). */
export interface SizingRequest {
  readonly version: typeof sizingProtocolVersion;
  readonly mode: SizingMode;
  readonly podNamespace: string;
  readonly podName: string;
  /** K8S_POD_UID; absent from old runtimes. */
  readonly podUid: string | undefined;
  /** CNI_IFNAME. */
  readonly ifName: string;
  /** The network configuration's name. */
  readonly network: string;
  /** 32 hex digits, see tap/alias.ts. */
  readonly attachmentId: string;
  /** args.cni.logicNetworkName: the VM's network, in binding mode. */
  readonly logicNetworkName: string | undefined;
  /** The configuration's own maxQueues. */
  readonly maxQueues: number | undefined;
}

export type SizingAnswer =
  /** Make this tap. `tapName` by KubeVirt's scheme (tap0, tap<hash>, tap<N>). */
  | {
      readonly kind: "tap";
      readonly queues: number;
      readonly owner: number;
      readonly group: number;
      readonly tapName: string;
      readonly why: string;
    }
  /** No tap here: not a VM's pod, hotplug pod, SR-IOV, passt, ... (`create: false`). */
  | { readonly kind: "none"; readonly why: string }
  /** Cannot say now: CNI error 11, kubelet retries. */
  | { readonly kind: "retry"; readonly why: string }
  /** Will never work as it is: CNI error `code` (>= 100). */
  | { readonly kind: "refused"; readonly code: number; readonly why: string };

/** Permanent refusals by the agent, as CNI error codes; the same table stands in the README. */
export const sizingRefusals = {
  NotAVirtualMachine: 110,
  PodNotFound: 111,
  VirtualMachineGone: 112,
  UnknownNetwork: 113,
  BindingNotManagedTap: 114,
  LimitRequired: 115,
  BadRequest: 116,
} as const;

export type SizingRefusal = keyof typeof sizingRefusals;

/** A message that is not of this protocol; the text says what is wrong with it. */
export class SizingProtocolError extends Error {
  override readonly name = "SizingProtocolError";
}

/** One line, with its newline. */
export function formatSizingRequest(request: SizingRequest): string {
  return `${JSON.stringify(request)}\n`;
}

/** One line, with its newline. */
export function formatSizingAnswer(answer: SizingAnswer): string {
  return `${JSON.stringify({ version: sizingProtocolVersion, ...answer })}\n`;
}

/** @throws SizingProtocolError for everything but a request of this version. */
export function parseSizingRequest(text: string): SizingRequest {
  const message = parseMessage(text);
  const mode = readText(message, "mode");
  if (mode !== "main" && mode !== "companion" && mode !== "binding") throw wrong("mode", message);
  const attachmentId = readText(message, "attachmentId");
  if (!/^[0-9a-f]{32}$/.test(attachmentId)) throw wrong("attachmentId", message);
  return {
    version: sizingProtocolVersion,
    mode,
    podNamespace: readText(message, "podNamespace"),
    podName: readText(message, "podName"),
    podUid: readOptionalText(message, "podUid"),
    ifName: readText(message, "ifName"),
    network: readText(message, "network"),
    attachmentId,
    logicNetworkName: readOptionalText(message, "logicNetworkName"),
    maxQueues: own(message, "maxQueues") === undefined ? undefined : readInteger(message, "maxQueues", 1, 256),
  };
}

/** @throws SizingProtocolError for everything but an answer of this version. */
export function parseSizingAnswer(text: string): SizingAnswer {
  const message = parseMessage(text);
  const kind = own(message, "kind");
  const why = readText(message, "why");
  switch (kind) {
    case "tap":
      return {
        kind,
        queues: readInteger(message, "queues", 1, 256),
        owner: readInteger(message, "owner", 0, greatestId),
        group: readInteger(message, "group", 0, greatestId),
        tapName: readText(message, "tapName"),
        why,
      };
    case "none":
    case "retry":
      return { kind, why };
    case "refused":
      return { kind, code: readInteger(message, "code", 100, 998), why };
    default:
      throw wrong("kind", message);
  }
}

/** uid_t and gid_t; the last value means "none" to the kernel. */
const greatestId = 0xffff_fffe;

function parseMessage(text: string): JsonObject {
  if (text.length > maxSizingMessageBytes) {
    throw new SizingProtocolError(`a message of ${text.length} characters is longer than ${maxSizingMessageBytes}`);
  }
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw new SizingProtocolError("a message is not JSON", { cause });
  }
  if (!isJsonObject(message)) throw new SizingProtocolError("a message is not a JSON object");
  const version = own(message, "version");
  if (version !== sizingProtocolVersion) {
    throw new SizingProtocolError(
      `a message is of protocol version ${showJson(version)}, not ${sizingProtocolVersion}: agent and plugin differ in age`,
    );
  }
  return message;
}

function readText(message: JsonObject, key: string): string {
  const value = readOptionalText(message, key);
  if (value === undefined) throw wrong(key, message);
  return value;
}

function readOptionalText(message: JsonObject, key: string): string | undefined {
  const value = own(message, key);
  if (value !== undefined && (typeof value !== "string" || value === "")) throw wrong(key, message);
  return value;
}

function readInteger(message: JsonObject, key: string, least: number, most: number): number {
  const value = integerWithin(own(message, key), least, most);
  if (value === undefined) throw wrong(key, message);
  return value;
}

function own(message: JsonObject, key: string): unknown {
  return Object.hasOwn(message, key) ? message[key] : undefined;
}

function wrong(key: string, message: JsonObject): SizingProtocolError {
  return new SizingProtocolError(`a message has "${key}": ${showJson(own(message, key))}`);
}
