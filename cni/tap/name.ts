// Interface names: which ones we create, and KubeVirt's scheme for a pod's interface and its tap
// (pkg/network/namescheme and pkg/network/link of kubevirt v1.9).

import type { Sha256Hex } from "./alias.ts";

/** IFNAMSIZ - 1 (linux/if.h), in bytes. */
const longestNameBytes = 15;

/** Why no runtime may give `name` as CNI_IFNAME (pkg/utils of cni v1.3.0), or undefined for a good one. */
export function ifNameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (utf8Length(name) > longestNameBytes) return `is longer than ${longestNameBytes} bytes`;
  if (name === "." || name === "..") return "is a directory's name";
  if (/[/:]/.test(name)) return 'contains "/" or ":"';
  return /[\s\u0085]/.test(name) ? "contains whitespace" : undefined;
}

/**
 * Why we make no link named `name`: beyond {@link ifNameFault}, `%` is a template to the kernel (`a%d` makes `a0`),
 * a leading `-` an option to `ip`, and control characters garble every listing.
 */
export function interfaceNameFault(name: string): string | undefined {
  const fault = ifNameFault(name);
  if (fault !== undefined) return fault;
  if (name.includes("%")) return 'contains "%"';
  if (name.startsWith("-")) return 'begins with "-"';
  return /\p{Cc}/u.test(name) ? "contains a control character" : undefined;
}

/** The pod's interface for a secondary network of a VM: "pod" and 11 hex digits of its name's SHA-256. */
export function podInterfaceName(sha256Hex: Sha256Hex, network: string): string {
  return `pod${sha256Hex(network).slice(0, 11)}`;
}

/** The tap that KubeVirt adopts beside the pod's interface `ifName`; undefined for a name outside its scheme. */
export function companionTapName(ifName: string): string | undefined {
  if (ifName === "eth0") return "tap0";
  const hash = /^pod([0-9a-f]{11})$/.exec(ifName)?.[1];
  if (hash !== undefined) return `tap${hash}`;
  const ordinal = /^net([1-9][0-9]{0,8})$/.exec(ifName)?.[1];
  return ordinal === undefined ? undefined : `tap${ordinal}`;
}

/** The inverse of {@link companionTapName}. */
export function companionInterfaceName(tapName: string): string | undefined {
  if (tapName === "tap0") return "eth0";
  const hash = /^tap([0-9a-f]{11})$/.exec(tapName)?.[1];
  if (hash !== undefined) return `pod${hash}`;
  const ordinal = /^tap([1-9][0-9]{0,8})$/.exec(tapName)?.[1];
  return ordinal === undefined ? undefined : `net${ordinal}`;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
