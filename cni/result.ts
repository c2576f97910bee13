// Results of ADD in every cniVersion (SPEC.md "Success"), and what the plugins before us made (prevResult).
// 0.1.0 and 0.2.0 know no interfaces; 0.3.0 to 0.4.0 and 1.x differ in the version of an address; mtu came with 1.1.0.

import type { Dns } from "./config.ts";
import { CniError, errorCodes } from "./error.ts";
import { isJsonObject, type JsonObject, memberOf, showJson } from "./json-object.ts";
import { memberText } from "./json-span.ts";

export interface PrevResult {
  readonly object: JsonObject;
  /** As it came on stdin. */
  readonly text: string;
}

/** What ADD adds to a result. */
export interface ReportedTap {
  readonly prev: PrevResult | undefined;
  readonly tap: ReportedInterface;
  readonly dns: Dns | undefined;
}

export interface ReportedInterface {
  readonly name: string;
  readonly mac: string | undefined;
  readonly mtuBytes: number | undefined;
  readonly sandbox: string | undefined;
}

/** @throws CniError 7 when it is there and no object. */
export function readPrevResult(document: JsonObject, text: string): PrevResult | undefined {
  const object = memberOf(document, "prevResult");
  if (object === undefined) return undefined;
  if (!isJsonObject(object)) throw invalidPrevResult(`it is ${showJson(object)}, not an object`);
  return { object, text: memberText(text, "prevResult") ?? JSON.stringify(object) };
}

/** Whether an interface can stand in a result of this version at all. */
export function hasInterfaces(version: string): boolean {
  return version !== "0.1.0" && version !== "0.2.0";
}

/** Called before anything is made. @throws CniError 107 when the result could not be written afterwards. */
export function assertExpressible(version: string, prev: PrevResult | undefined, willHaveAddress = false): void {
  if (hasInterfaces(version) || willHaveAddress) return;
  const hasAddress = prev !== undefined && (memberOf(prev.object, "ip4") ?? memberOf(prev.object, "ip6")) !== undefined;
  if (hasAddress) return;
  throw new CniError(
    errorCodes.ResultNotExpressible,
    `cannot express an interface without an address in a result of cniVersion ${version}: use 0.3.0 or later, or "ipam"`,
  );
}

/** prevResult as it came, in the version asked for; without one, an empty result. */
export function formatHandedOn(version: string, prev: PrevResult | undefined): string {
  if (prev === undefined) return `${JSON.stringify({ cniVersion: version })}\n`;
  const own = memberOf(prev.object, "cniVersion");
  if (own === version) return `${prev.text}\n`;
  return write(inVersion(version, prev));
}

/** prevResult with our interface (and DNS, where configured) added. */
export function formatTapResult(version: string, addition: ReportedTap): string {
  return write(addTap(version, addition));
}

/** As {@link formatTapResult}, for what is still to be added to. */
export function addTap(version: string, { prev, tap, dns }: ReportedTap): JsonObject {
  const base = prev === undefined ? {} : inVersion(version, prev);
  const { name, mac, sandbox } = tap;
  const reported = { name, mac, ...(version === "1.1.0" ? { mtu: tap.mtuBytes } : {}), sandbox };
  const interfaces = hasInterfaces(version) ? { interfaces: [...interfaceList(base), reported] } : {};
  return { ...base, cniVersion: version, ...interfaces, ...(dns === undefined ? {} : { dns }) };
}

/** The engine reads deeper and larger documents than it can write. @throws CniError 7 */
export function write(result: JsonObject): string {
  try {
    return `${JSON.stringify(result)}\n`;
  } catch (cause) {
    throw invalidPrevResult("it is nested too deeply, or too large, to be handed on", cause);
  }
}

/** The interface of this name in prevResult; the last one where plugins reported it twice. */
export function findReportedInterface(prev: PrevResult, name: string): ReportedInterface | undefined {
  for (const candidate of interfaceList(prev.object).toReversed()) {
    if (!isJsonObject(candidate) || memberOf(candidate, "name") !== name) continue;
    const [mac, mtu, sandbox] = [
      memberOf(candidate, "mac"),
      memberOf(candidate, "mtu"),
      memberOf(candidate, "sandbox"),
    ];
    return {
      name,
      mac: typeof mac === "string" && mac !== "" ? mac.toLowerCase() : undefined,
      mtuBytes: typeof mtu === "number" && mtu > 0 ? mtu : undefined,
      sandbox: typeof sandbox === "string" ? sandbox : undefined,
    };
  }
  return undefined;
}

/** @throws CniError 7 when it is no array. */
export function interfaceList(result: JsonObject): readonly unknown[] {
  const interfaces = memberOf(result, "interfaces") ?? [];
  if (!Array.isArray(interfaces)) throw invalidPrevResult(`"interfaces" is ${showJson(interfaces)}, not an array`);
  return interfaces;
}

/** Runtimes give prevResult in the configuration's version; a plugin before us may not have. */
function inVersion(version: string, prev: PrevResult): JsonObject {
  const { cniVersion = version, ...rest } = prev.object;
  const from = typeof cniVersion === "string" && cniVersion !== "" ? cniVersion : version;
  if (hasInterfaces(from) !== hasInterfaces(version)) {
    throw invalidPrevResult(`it is of cniVersion ${from} and cannot be expressed in ${version}`);
  }
  const ips = memberOf(rest, "ips");
  if (isOneDotX(from) === isOneDotX(version) || !Array.isArray(ips)) return { cniVersion: version, ...rest };
  const { routes, ...others } = rest;
  return {
    cniVersion: version,
    ...others,
    ips: ips.map((ip) => addressInVersion(version, ip)),
    ...(Array.isArray(routes) ? { routes: routes.map((route) => routeInVersion(version, route)) } : {}),
  };
}

export function isOneDotX(version: string): boolean {
  return version.startsWith("1.");
}

function addressInVersion(version: string, ip: unknown): unknown {
  if (!isJsonObject(ip)) return ip;
  const { version: _, ...rest } = ip;
  return isOneDotX(version) ? rest : { version: String(ip["address"]).includes(":") ? "6" : "4", ...rest };
}

function routeInVersion(version: string, route: unknown): unknown {
  if (!isJsonObject(route) || isOneDotX(version)) return route;
  const { dst, gw } = route;
  return gw === undefined ? { dst } : { dst, gw };
}

/** The error for a prevResult that cannot be used. */
export function invalidPrevResult(why: string, cause?: unknown): CniError {
  return new CniError(errorCodes.InvalidNetworkConfig, `invalid "prevResult": ${why}`, { cause });
}
