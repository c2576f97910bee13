// IP addresses as text: the forms of RFC 4291 section 2.2 in, the canonical one of RFC 5952 out. Strict, as Go's net.ParseIP:
// no leading zeros in IPv4, no zones.

/** An address with the length of its prefix. 4 bytes are IPv4, 16 bytes are IPv6, in network order. */
interface Prefix {
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

const ipv4Bytes = 4;
const ipv6Bytes = 16;

/** 4 or 16 bytes; undefined for what is no address. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** `10.0.0.5/24`, `2001:db8::5/64`; undefined for what is no address with a prefix. Bits beyond the prefix stay. */
export function parseIpPrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseIpAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefixLength = Number(length);
  return prefixLength <= address.length * 8 ? { address, prefixLength } : undefined;
}

/** The canonical text. @throws RangeError for anything but 4 or 16 bytes. */
export function formatIpAddress(address: Uint8Array): string {
  if (address.length === ipv4Bytes) return address.join(".");
  if (address.length !== ipv6Bytes) throw new RangeError(`cannot format an IP address of ${address.length} bytes`);
  return formatIpv6(address);
}

/** The canonical text with the prefix, `10.0.0.5/24`. */
export function formatIpPrefix({ address, prefixLength }: Prefix): string {
  return `${formatIpAddress(address)}/${prefixLength}`;
}

/** The same prefix without the bits beyond its length: the network that an address is in, the destination of a route. */
export function networkOf({ address, prefixLength }: Prefix): Prefix {
  const masked = address.map((byte, at) => byte & ~(0xff >> Math.max(0, Math.min(8, prefixLength - at * 8))));
  return { address: masked, prefixLength };
}

/** Addresses of two families are never the same, also when one is mapped into the other. */
export function isSameIp(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".", ipv4Bytes + 1);
  if (parts.length !== ipv4Bytes) return undefined;
  const bytes = new Uint8Array(ipv4Bytes);
  for (const [at, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[at] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  // The longest is 45 characters, 0000:…:255.255.255.255.
  if (text.length > 45) return undefined;
  const gap = text.indexOf("::");
  if (gap < 0) {
    const all = groupBytes(text, true);
    return all?.length === ipv6Bytes ? Uint8Array.from(all) : undefined;
  }
  const head = groupBytes(text.slice(0, gap), false);
  const tail = groupBytes(text.slice(gap + 2), true);
  // "::" stands for one group at least.
  if (head === undefined || tail === undefined || head.length + tail.length > ipv6Bytes - 2) return undefined;
  const bytes = new Uint8Array(ipv6Bytes);
  bytes.set(head);
  bytes.set(tail, ipv6Bytes - tail.length);
  return bytes;
}

/** The bytes of groups with ":" between; the last one may be an IPv4 address where `isEnd`. */
function groupBytes(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [at, group] of groups.entries()) {
    if (isEnd && at === groups.length - 1 && group.includes(".")) {
      const ipv4 = parseIpv4(group);
      return ipv4 === undefined ? undefined : [...bytes, ...ipv4];
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

function formatIpv6(address: Uint8Array): string {
  // RFC 5952 section 5: an IPv4-mapped address shows its IPv4 part.
  if (address.every((byte, at) => at >= 12 || byte === (at < 10 ? 0 : 0xff))) {
    return `::ffff:${address.subarray(12).join(".")}`;
  }
  const groups: number[] = [];
  for (let at = 0; at < ipv6Bytes; at += 2) groups.push(((address[at] ?? 0) << 8) | (address[at + 1] ?? 0));
  const { start, length } = longestZeros(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  // Section 4.2.2: a single zero group is written out.
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** The first of the longest runs of zeros, RFC 5952 section 4.2.3. */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [at, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: at - length + 1, length };
  }
  return best;
}
