// What the node lets network configurations ask for. Whoever may write one (a tenant with NetworkAttachmentDefinitions) has the
// plugin run as root with it, so the node's administrator says in one file where that ends. This file is its meaning.

import { CniError, errorCodes } from "../error.ts";
import { integerWithin, isJsonObject, showJson } from "../json-object.ts";

/** Never named by a configuration. */
export const policyPath = "/etc/cni/mqtap/policy.json";

/** "any" lets everything pass. */
export type Allowed<T> = "any" | readonly T[];

export interface Policy {
  /** Users and groups that a tap may be given to. */
  readonly owners: Allowed<number>;
  readonly groups: Allowed<number>;
  /** Types of IPAM plugins. */
  readonly ipam: Allowed<string>;
  /** Directories under which paths of `ipam` may lie. */
  readonly ipamPaths: Allowed<string>;
  readonly selinuxContexts: Allowed<string>;
  /** Where GC looks for network namespaces. */
  readonly netnsDirs: readonly string[];
}

/** Of containerd, CRI-O and `ip netns`. */
const netnsDirs = ["/run/netns", "/var/run/netns"];

/** What a key means that is not in the file. */
export const defaultPolicy: Policy = {
  owners: [107],
  groups: [107],
  ipam: ["host-local", "static"],
  ipamPaths: [],
  selinuxContexts: [],
  netnsDirs,
};

/** Without a file the node is as open as the reference plugin leaves it. */
export const permissivePolicy: Policy = {
  owners: "any",
  groups: "any",
  ipam: "any",
  ipamPaths: "any",
  selinuxContexts: "any",
  netnsDirs,
};

/** uid_t and gid_t; one more is "none" to the kernel. */
const greatestId = 0xffff_fffe;

/**
 * Keys that are not known are named to `warn` and ignored: a newer installer may know more, and a key that is missed means its
 * stricter default. @throws CniError 108 naming key, value and what would be right.
 */
export function parsePolicy(text: string, warn: (message: string) => void): Policy {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw unusable(`it is not JSON${cause instanceof SyntaxError ? ` (${cause.message})` : ""}: correct it`);
  }
  if (!isJsonObject(document)) throw unusable(`it holds ${showJson(document)}: make it an object`);
  const object = document;
  const unknown = Object.keys(object).filter((key) => !Object.hasOwn(defaultPolicy, key));
  if (unknown.length > 0) {
    const known = Object.keys(defaultPolicy).join(", ");
    warn(`ignoring ${showKeys(unknown)} in ${policyPath}: it may have ${known}, and what is absent has its default`);
  }
  const list = <T>(key: keyof Policy, isElement: (value: unknown) => value is T, right: string): readonly T[] => {
    const value = Object.hasOwn(object, key) ? object[key] : defaultPolicy[key];
    const elements: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
    if (elements?.every(isElement)) return elements;
    const wrong = elements === undefined ? value : elements.find((element) => !isElement(element));
    throw unusable(`"${key}": ${showJson(wrong)}: use an array of ${right}`);
  };
  const listOrAny = <T>(key: keyof Policy, isElement: (value: unknown) => value is T, right: string): Allowed<T> =>
    object[key] === "any" ? "any" : list(key, isElement, `${right}, or "any"`);
  return {
    owners: listOrAny("owners", isId, `user ids from 0 to ${greatestId}`),
    groups: listOrAny("groups", isId, `group ids from 0 to ${greatestId}`),
    ipam: listOrAny("ipam", isPluginType, "names of IPAM plugins"),
    ipamPaths: listOrAny("ipamPaths", isDirectory, 'absolute directories without ".."'),
    selinuxContexts: listOrAny("selinuxContexts", isText, "whole SELinux labels"),
    netnsDirs: list("netnsDirs", isDirectory, 'absolute directories without ".."'),
  };
}

/** The error for a file that is there and cannot be used. */
export function unusable(why: string): CniError {
  return new CniError(errorCodes.PolicyUnusable, `cannot use ${policyPath}: ${why}`);
}

function showKeys(keys: readonly string[]): string {
  const shown = keys.slice(0, 5).map(showJson).join(", ");
  return keys.length > 5 ? `${shown} and ${keys.length - 5} more` : shown;
}

function isId(value: unknown): value is number {
  return integerWithin(value, 0, greatestId) !== undefined;
}

function isPluginType(value: unknown): value is string {
  return isText(value) && !value.includes("/");
}

function isDirectory(value: unknown): value is string {
  return isText(value) && value.startsWith("/") && !hasParentStep(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

/** Whether a component of the path leads out of what stands before it. */
export function hasParentStep(path: string): boolean {
  return path.split("/").includes("..");
}
