// The network configuration on stdin as typed data. Unknown keys are tolerated, a known one of a wrong type or value is an
// error that names key, value and what would be right. Keys are the reference `tap` plugin's (v1.9.1) and mqtap's own.

import { NetConfReader } from "./config-reader.ts";
import { isCniName } from "./environment.ts";
import { CniError, errorCodes } from "./error.ts";
import { pluginNameFault } from "./ipam/plugin-name.ts";
import { isJsonObject, type JsonObject, memberOf, showJson } from "./json-object.ts";

/** Oldest first; the last one is what VERSION and errors speak. */
export const supportedVersions: readonly string[] = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
export const newestVersion = "1.1.0";

export type Sizing = "static" | "vm";

/** A tap's MTU is 68 (IPv4's least) to 65521 (drivers/net/tun.c: 65535 less the Ethernet header). */
const tapMtuBytes = { least: 68, most: 65_521 } as const;

export interface Dns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** Where a MAC address was found, the strongest first. */
export interface MacSources {
  readonly runtimeConfig: string | undefined;
  readonly args: string | undefined;
  readonly config: string | undefined;
}

export interface NetConf {
  readonly sizing: Sizing;
  /** As configured; {@link ./mode.ts} says what absent means. */
  readonly mode: "main" | "companion" | undefined;
  readonly multiQueue: boolean | undefined;
  readonly queues: number | undefined;
  readonly maxQueues: number | undefined;
  /** `default` leaves the kernel's choice, which costs 6.4 MB for a multiqueue tap. */
  readonly qdisc: "noqueue" | "default";
  readonly mtuBytes: number | undefined;
  readonly macs: MacSources;
  readonly owner: number | undefined;
  readonly group: number | undefined;
  readonly bridge: string | undefined;
  /** SELinux label of the tap. */
  readonly selinuxContext: string | undefined;
  /** `ipam.type`: the plugin that gives the tap addresses; undefined is layer 2. */
  readonly ipamType: string | undefined;
  readonly dns: Dns | undefined;
  /** args.cni.logicNetworkName: KubeVirt calls us as the binding of this network of the VM. */
  readonly logicNetworkName: string | undefined;
}

/** What every verb needs, checked before the verb is looked at. @throws CniError 6 or 7. */
export function parseEnvelope(text: string): { readonly document: JsonObject; readonly network: string } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not JSON" : "it is too large, or nested too deeply";
    throw new CniError(errorCodes.DecodingFailure, `cannot decode the network configuration: ${why}`, { cause });
  }
  const object = document ?? {};
  if (!isJsonObject(object)) {
    throw new CniError(errorCodes.DecodingFailure, "cannot decode the network configuration: it is not a JSON object");
  }
  const name = memberOf(object, "name") ?? "";
  if (typeof name !== "string") {
    throw new CniError(errorCodes.DecodingFailure, `cannot decode "name": ${showJson(name)}: it is not a string`);
  }
  if (name === "") throw new CniError(errorCodes.InvalidNetworkConfig, 'missing network name: set "name"');
  if (!isCniName(name)) {
    const allowed = 'letters, digits, "_", "." and "-", with a letter or digit first';
    throw new CniError(errorCodes.InvalidNetworkConfig, `invalid "name": ${showJson(name)}: use ${allowed}`);
  }
  return { document: object, network: name };
}

/** @throws CniError 6 for a version that is no string, 1 for one that mqtap does not speak. */
export function parseVersion(document: JsonObject): string {
  const version = memberOf(document, "cniVersion") ?? "";
  if (typeof version !== "string") {
    throw new CniError(
      errorCodes.DecodingFailure,
      `cannot decode "cniVersion": ${showJson(version)}: it is not a string`,
    );
  }
  if (version === "") return "0.1.0";
  if (supportedVersions.includes(version)) return version;
  throw new CniError(errorCodes.IncompatibleVersion, "incompatible CNI versions", {
    details: `config is ${showJson(version)}, plugin supports ${JSON.stringify(supportedVersions)}`,
  });
}

/** Everything else of the configuration. @throws CniError 2 or 7. */
export function parseNetConf(document: JsonObject): NetConf {
  const top = new NetConfReader(document, "");
  const args = top.object("args")?.object("cni");
  const conf: NetConf = {
    sizing: top.oneOf("sizing", ["static", "vm"]) ?? "static",
    mode: top.oneOf("mode", ["main", "companion"]),
    multiQueue: top.boolean("multiQueue"),
    queues: top.integer("queues", { least: 1, most: 256 }),
    maxQueues: top.integer("maxQueues", { least: 1, most: 256 }),
    qdisc: top.oneOf("qdisc", ["noqueue", "default"]) ?? "noqueue",
    mtuBytes: top.integer("mtu", { ...tapMtuBytes, zeroMeansAbsent: true }),
    macs: {
      runtimeConfig: top.object("runtimeConfig")?.mac("mac"),
      args: args?.mac("mac"),
      config: top.mac("mac"),
    },
    owner: top.id("owner"),
    group: top.id("group"),
    bridge: top.interfaceName("bridge"),
    selinuxContext: top.selinuxLabel("selinuxContext"),
    ipamType: parseIpamType(top),
    dns: parseDns(top.object("dns")),
    logicNetworkName: args?.text("logicNetworkName"),
  };
  refuseContradictions(conf);
  return conf;
}

/** `"ipam": {}` and a type of "" are layer 2, as for the reference. */
function parseIpamType(top: NetConfReader): string | undefined {
  const type = top.object("ipam")?.text("type");
  const fault = type === undefined ? undefined : pluginNameFault(type, top.text("type"));
  if (fault === undefined) return type;
  throw invalid(`"ipam.type": ${showJson(type)} ${fault}: use the file name of an IPAM plugin, such as "host-local"`);
}

function refuseContradictions(conf: NetConf): void {
  const { sizing, mode, queues, multiQueue, logicNetworkName } = conf;
  if (queues !== undefined && multiQueue !== undefined && multiQueue !== queues > 1) {
    throw invalid(`"queues": ${queues} contradicts "multiQueue": ${multiQueue}: remove "multiQueue"`);
  }
  if (sizing === "vm") {
    const fixed = queues === undefined ? "multiQueue" : "queues";
    const value = queues ?? multiQueue;
    if (value !== undefined) {
      throw invalid(`"${fixed}": ${value} contradicts "sizing": "vm": remove one of them, or limit with "maxQueues"`);
    }
  } else if (mode === "companion") {
    throw invalid('"mode": "companion" needs "sizing": "vm", since only the agent knows the virtual machine');
  } else if (logicNetworkName !== undefined) {
    throw invalid(
      `"args.cni.logicNetworkName": ${showJson(logicNetworkName)} makes this a network binding, which needs "sizing": "vm"`,
    );
  }
  if (mode === "main" && logicNetworkName !== undefined) {
    throw invalid(
      `"mode": "main" makes the interface itself, which a network binding (logicNetworkName ${showJson(logicNetworkName)}) must not: remove "mode"`,
    );
  }
}

function parseDns(reader: NetConfReader | undefined): Dns | undefined {
  if (reader === undefined) return undefined;
  const [nameservers, search, options] = [reader.texts("nameservers"), reader.texts("search"), reader.texts("options")];
  const domain = reader.text("domain");
  const dns: Dns = {
    ...(nameservers.length > 0 && { nameservers }),
    ...(domain !== undefined && { domain }),
    ...(search.length > 0 && { search }),
    ...(options.length > 0 && { options }),
  };
  return Object.keys(dns).length > 0 ? dns : undefined;
}

function invalid(why: string): CniError {
  return new CniError(errorCodes.InvalidNetworkConfig, `invalid network configuration: ${why}`);
}
