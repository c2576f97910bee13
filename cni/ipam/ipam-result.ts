// What an IPAM plugin answered to ADD, in whatever cniVersion it speaks: `ip4` and `ip6` of 0.1.0 and 0.2.0, `ips` from 0.3.0
// on (SPEC.md "Delegated plugins"). Every address becomes bytes here; what is none is an error before anything is made.

import { type Dns, supportedVersions } from "../config.ts";
import { integerWithin, isJsonObject, type JsonObject, memberOf, showJson } from "../json-object.ts";
import type { IpBytes, IpPrefix, IpRoute } from "../kernel/addressing.ts";
import { networkOf, parseIpAddress, parseIpPrefix } from "../netlink/ip-text.ts";

export interface IpamAddress {
  readonly prefix: IpPrefix;
  readonly gateway: IpBytes | undefined;
}

export interface IpamResult {
  readonly addresses: readonly IpamAddress[];
  /** The gateway as the plugin gave it; which one an absent gateway means is in routes.ts. */
  readonly routes: readonly IpRoute[];
  readonly dns: Dns | undefined;
}

/** Why the plugin's answer makes no sense. */
export class IpamResultError extends Error {
  override readonly name = "IpamResultError";
}

/** @throws IpamResultError naming the member and its value. */
export function parseIpamResult(document: JsonObject): IpamResult {
  const version = memberOf(document, "cniVersion");
  // Go's library reads an absent version as the oldest; the shape tells all that matters.
  if (version !== undefined && version !== "" && !supportedVersions.some((known) => known === version)) {
    throw wrong("cniVersion", version, `one of ${supportedVersions.join(", ")}`);
  }
  const families = ["ip4", "ip6"].flatMap((key) => parseFamily(document, key));
  return {
    addresses: [...families.map(({ address }) => address), ...list(document, "ips").map(parseAddress)],
    routes: [...families.flatMap(({ routes }) => routes), ...list(document, "routes").map(parseRoute)],
    dns: parseDns(memberOf(document, "dns")),
  };
}

/** The `ip4` or `ip6` of a result before 0.3.0. */
function parseFamily(
  document: JsonObject,
  key: string,
): readonly { readonly address: IpamAddress; readonly routes: readonly IpRoute[] }[] {
  const family = memberOf(document, key);
  if (family === undefined) return [];
  if (!isJsonObject(family)) throw wrong(key, family, "an object");
  const address = { prefix: prefixOf(family, "ip"), gateway: ipOf(family, "gateway") };
  return [{ address, routes: list(family, "routes").map(parseRoute) }];
}

function parseAddress(ip: unknown): IpamAddress {
  if (!isJsonObject(ip)) throw wrong("ips", ip, "a list of objects");
  return { prefix: prefixOf(ip, "address"), gateway: ipOf(ip, "gateway") };
}

function parseRoute(route: unknown): IpRoute {
  if (!isJsonObject(route)) throw wrong("routes", route, "a list of objects");
  // A destination is a network: Go's ParseCIDR drops the host's bits, and the kernel refuses them.
  const destination = networkOf(prefixOf(route, "dst"));
  const gateway = ipOf(route, "gw");
  if (gateway !== undefined && gateway.length !== destination.address.length) {
    throw wrong("gw", memberOf(route, "gw"), "of the destination's family");
  }
  const number = (key: string, most: number) => numberOf(route, key, most);
  return {
    destination,
    gateway,
    // Zero is Go's "not set" for these three.
    mtuBytes: number("mtu", 0xffff_ffff) || undefined,
    advmss: number("advmss", 0xffff_ffff) || undefined,
    priority: number("priority", 0xffff_ffff) || undefined,
    table: number("table", 0xffff_ffff),
    scope: number("scope", 255),
  };
}

function parseDns(value: unknown): Dns | undefined {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw wrong("dns", value, "an object");
  const domain = memberOf(value, "domain");
  if (domain !== undefined && typeof domain !== "string") throw wrong("dns.domain", domain, "a string");
  const [nameservers, search, options] = [texts(value, "nameservers"), texts(value, "search"), texts(value, "options")];
  const dns: Dns = {
    ...(nameservers.length > 0 && { nameservers }),
    ...(domain !== undefined && domain !== "" && { domain }),
    ...(search.length > 0 && { search }),
    ...(options.length > 0 && { options }),
  };
  return Object.keys(dns).length > 0 ? dns : undefined;
}

function texts(object: JsonObject, key: string): readonly string[] {
  return list(object, key).map((value) => {
    if (typeof value !== "string") throw wrong(`dns.${key}`, value, "a string");
    return value;
  });
}

function list(object: JsonObject, key: string): readonly unknown[] {
  const value = memberOf(object, key) ?? [];
  if (!Array.isArray(value)) throw wrong(key, value, "a list");
  return value;
}

function prefixOf(object: JsonObject, key: string): IpPrefix {
  const value = memberOf(object, key);
  const prefix = typeof value === "string" ? parseIpPrefix(value) : undefined;
  if (prefix === undefined) throw wrong(key, value, "an address with its prefix length");
  return prefix;
}

function ipOf(object: JsonObject, key: string): IpBytes | undefined {
  const value = memberOf(object, key);
  if (value === undefined || value === "") return undefined;
  const address = typeof value === "string" ? parseIpAddress(value) : undefined;
  if (address === undefined) throw wrong(key, value, "an address");
  return address;
}

function numberOf(object: JsonObject, key: string, most: number): number | undefined {
  const value = memberOf(object, key);
  if (value === undefined) return undefined;
  const number = integerWithin(value, 0, most);
  if (number === undefined) throw wrong(key, value, `an integer from 0 to ${most}`);
  return number;
}

function wrong(key: string, value: unknown, right: string): IpamResultError {
  return new IpamResultError(`"${key}": ${showJson(value)} is not ${right}`);
}
