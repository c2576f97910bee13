// The CNI_* variables, checked in the order of pkg/skel (cni v1.3.0): callers and their tests depend on which fault is told first.

import { CniError, errorCodes } from "./error.ts";
import { ifNameFault } from "./tap/name.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Environment {
  /** As given: whether the verb exists is decided after stdin was read. */
  readonly command: string;
  readonly containerId: string;
  readonly netns: string;
  readonly ifName: string;
  readonly args: string;
  /** CNI_PATH: where IPAM plugins lie. */
  readonly path: string;
  /** CNI_NETNS_OVERRIDE: the caller insists on the plugin's own namespace. */
  readonly isOwnNamespaceAllowed: boolean;
}

interface Requirement {
  readonly variable: string;
  readonly commands: readonly string[];
  readonly fault?: (value: string) => string | undefined;
}

const requirements: readonly Requirement[] = [
  { variable: "CNI_CONTAINERID", commands: ["ADD", "CHECK", "DEL"], fault: containerIdFault },
  { variable: "CNI_NETNS", commands: ["ADD", "CHECK"] },
  { variable: "CNI_IFNAME", commands: ["ADD", "CHECK", "DEL"], fault: ifNameFault },
  { variable: "CNI_PATH", commands: ["ADD", "CHECK", "DEL", "GC", "STATUS"] },
];

/** @throws CniError 4 naming the invalid variable, or else all missing ones. */
export function parseEnvironment(variables: Variables): Environment {
  const read = (variable: string): string => variables[variable] ?? "";
  const command = read("CNI_COMMAND");
  const missing = command === "" ? ["CNI_COMMAND"] : [];
  for (const { variable, commands, fault } of requirements) {
    if (!commands.includes(command)) continue;
    const value = read(variable);
    if (value === "") missing.push(variable);
    const wrong = value === "" ? undefined : fault?.(value);
    if (wrong !== undefined) throw invalid(`invalid ${variable} ${JSON.stringify(value)}: it ${wrong}`);
  }
  if (missing.length > 0) throw invalid(`required env variables [${missing.join(",")}] missing`);
  return {
    command,
    containerId: read("CNI_CONTAINERID"),
    netns: read("CNI_NETNS"),
    ifName: read("CNI_IFNAME"),
    args: read("CNI_ARGS"),
    path: read("CNI_PATH"),
    isOwnNamespaceAllowed: ["1", "TRUE"].includes(read("CNI_NETNS_OVERRIDE").toUpperCase()),
  };
}

/** No verb was asked for: a person started the binary by hand. */
export function isStartedByHand(variables: Variables): boolean {
  return (variables["CNI_COMMAND"] ?? "") === "";
}

function containerIdFault(value: string): string | undefined {
  return isCniName(value)
    ? undefined
    : 'may have letters, digits, "_", "." and "-" only, and begins with a letter or digit';
}

/** The expression of pkg/utils for container ids and network names. */
export function isCniName(value: string): boolean {
  // Two looks, since the engine keeps a step for every character that one repetition passes.
  return /^[a-zA-Z0-9]/.test(value) && !/[^a-zA-Z0-9_.-]/.test(value);
}

function invalid(message: string): CniError {
  return new CniError(errorCodes.InvalidEnvironment, message);
}
