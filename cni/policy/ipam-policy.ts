// Which IPAM plugin the node runs, and which paths it may be given: any binary of CNI_PATH would run as root with a tenant's
// JSON, and host-local's dataDir writes, its resolvConf reads and dhcp's daemonSocketPath connects anywhere.

import { CniError } from "../error.ts";
import { isJsonObject, type JsonObject } from "../json-object.ts";
import type { Log } from "../log.ts";
import { forbidden, isAllowed } from "./enforce-policy.ts";
import { hasParentStep, type Policy } from "./policy.ts";

/** Keys whose value is a path however it looks, as {@link fold} writes them. */
const pathKeys: readonly string[] = ["datadir", "resolvconf", "daemonsocketpath"];

/**
 * For ADD, CHECK and STATUS. Every `ipam` of the document counts: Go's decoder, which the plugin uses, takes keys in any case
 * and lays objects of one name over each other. @throws CniError 109 naming field, value and setting.
 */
export function enforceIpamPolicy(policy: Policy, document: JsonObject): void {
  for (const key of Object.keys(document)) {
    const ipam = document[key];
    if (fold(key) === "ipam" && isJsonObject(ipam)) enforceOne(policy, ipam);
  }
}

/** For DEL and GC, which go on without a plugin that may not run; `log` is told. */
export function mayRunIpam(policy: Policy, document: JsonObject, log: Log): boolean {
  try {
    enforceIpamPolicy(policy, document);
    return true;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    log("warn", `the IPAM plugin is not run: ${error.message}`);
    return false;
  }
}

function enforceOne(policy: Policy, ipam: JsonObject): void {
  for (const key of Object.keys(ipam)) {
    const type = ipam[key];
    if (fold(key) !== "type" || type === null || type === "") continue;
    if (policy.ipam === "any") continue;
    if (typeof type !== "string") throw forbidden("ipam.type", type, "use the name of a plugin");
    if (isAllowed(policy.ipam, type)) continue;
    throw forbidden("ipam.type", type, `add ${JSON.stringify(type)} to "ipam", or use another plugin`);
  }
  if (policy.ipamPaths !== "any") enforcePaths(policy.ipamPaths, ipam);
}

/** Looks at every depth, with a list instead of recursion: the tenant chooses how deep it goes. */
function enforcePaths(directories: readonly string[], ipam: JsonObject): void {
  const pending: { readonly field: string; readonly key: string; readonly value: unknown }[] = [
    { field: "ipam", key: "", value: ipam },
  ];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    const { field, key, value } = entry;
    if (pathKeys.includes(fold(key))) {
      enforcePath(directories, field, value);
    } else if (typeof value === "string") {
      if (looksLikePath(value)) enforcePath(directories, field, value);
    } else if (Array.isArray(value)) {
      for (const element of value) pending.push({ field, key: "", value: element });
    } else if (isJsonObject(value)) {
      for (const name of Object.keys(value)) {
        pending.push({ field: `${field}.${name}`.slice(0, 100), key: name, value: value[name] });
      }
    }
  }
}

/** Other plugins have other keys for paths; an address with its prefix length is none. */
function looksLikePath(text: string): boolean {
  return /^\.{0,2}\//.test(text) || hasParentStep(text);
}

function enforcePath(directories: readonly string[], field: string, value: unknown): void {
  if (value === null || value === "") return;
  if (typeof value !== "string") throw forbidden(field, value, "use a path, or remove the field");
  if (hasParentStep(value)) throw forbidden(field, value, 'use a path without "..", or remove the field');
  const path = normalize(value);
  if (directories.some((directory) => isWithin(path, normalize(directory)))) return;
  throw forbidden(field, value, `add a directory above it to "ipamPaths", or remove the field`);
}

/** Slashes and "." that mean nothing are left out. The disk is not asked: links are the administrator's affair. */
function normalize(path: string): string {
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  return `${path.startsWith("/") ? "/" : ""}${steps.join("/")}`;
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** Upper case first: to Go, U+017F is an "s" and U+212A a "k". */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}
