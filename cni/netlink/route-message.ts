// Routes as rtnetlink(7) speaks of them: struct rtmsg of linux/rtnetlink.h and its attributes.

import {
  type Attribute,
  aligned,
  decodeAttributes,
  decodeUint32,
  encodeAttributes,
  encodeUint32,
  int32At,
  NetlinkFormatError,
  uint16At,
} from "./attribute.ts";
import { addressBytes, familyOf } from "./ip-family.ts";
import { networkOf } from "./ip-text.ts";

// linux/rtnetlink.h
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_METRICS = 8;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTA_VIA = 18;
const RTAX_MTU = 2;
const RTAX_ADVMSS = 8;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
/** A route to other hosts, as opposed to local, broadcast, blackhole… */
const RTN_UNICAST = 1;

const rtmsgBytes = 12;
/** struct rtnexthop */
const nextHopBytes = 8;
const wanted = [RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_METRICS, RTA_MULTIPATH, RTA_TABLE, RTA_VIA];

/** One way to a destination, through one link. */
export interface LinkRoute {
  readonly index: number;
  readonly destination: { readonly address: Uint8Array; readonly prefixLength: number };
  readonly gateway: Uint8Array | undefined;
  readonly mtuBytes: number | undefined;
  readonly advmss: number | undefined;
  readonly priority: number | undefined;
  readonly table: number | undefined;
  readonly scope: number | undefined;
}

/** What RTM_NEWROUTE asks, as `ip route add` does. @throws RangeError for a destination of neither family. */
export function encodeRoute(route: LinkRoute): Uint8Array {
  const { address, prefixLength } = networkOf(route.destination);
  const table = route.table ?? RT_TABLE_MAIN;
  const attributes: Attribute[] = [];
  const add = (type: number, value: Uint8Array | undefined): void => {
    if (value !== undefined) attributes.push({ type, value });
  };
  add(RTA_DST, prefixLength === 0 ? undefined : address);
  add(RTA_GATEWAY, route.gateway);
  // One byte of the header holds the numbers of the old days.
  add(RTA_TABLE, table > 255 ? encodeUint32(table) : undefined);
  add(RTA_PRIORITY, route.priority === undefined ? undefined : encodeUint32(route.priority));
  add(RTA_OIF, encodeUint32(route.index));
  add(RTA_METRICS, encodeMetrics(route));
  const encoded = encodeAttributes(attributes);
  const payload = new Uint8Array(rtmsgBytes + encoded.length);
  payload[0] = familyOf(address);
  payload[1] = prefixLength;
  payload[4] = table > 255 ? 0 : table;
  payload[5] = RTPROT_BOOT;
  payload[6] = route.scope ?? defaultScope(route);
  payload[7] = RTN_UNICAST;
  payload.set(encoded, rtmsgBytes);
  return payload;
}

/** What RTM_GETROUTE asks: all routes of all families. */
export function encodeRouteQuery(): Uint8Array {
  return new Uint8Array(rtmsgBytes);
}

/** One for each gateway; none for a family other than IPv4 and IPv6, and for what is no unicast route. @throws NetlinkFormatError */
export function decodeRoute(payload: Uint8Array): readonly LinkRoute[] {
  if (payload.length < rtmsgBytes) throw new NetlinkFormatError("cannot decode a route: it is cut off");
  const bytes = addressBytes(payload[0]);
  if (bytes === undefined || payload[7] !== RTN_UNICAST) return [];
  const known: Uint8Array[] = [];
  for (const { type, value } of decodeAttributes(payload.subarray(rtmsgBytes), wanted)) known[type] = value;
  const number = (type: number): number | undefined => {
    const value = known[type];
    return value === undefined ? undefined : decodeUint32(value);
  };
  const prefixLength = payload[1] ?? 0;
  // The default route names no destination.
  const address = known[RTA_DST] ?? new Uint8Array(bytes);
  if (address.length !== bytes || prefixLength > bytes * 8) {
    throw new NetlinkFormatError(`cannot decode a route: ${address.length} bytes with a prefix of ${prefixLength}`);
  }
  const common = {
    destination: { address, prefixLength },
    ...decodeMetrics(known[RTA_METRICS]),
    priority: number(RTA_PRIORITY),
    table: number(RTA_TABLE) ?? payload[4],
    scope: payload[6],
  };
  const hops = known[RTA_MULTIPATH];
  if (hops !== undefined) return decodeNextHops(hops).map((hop) => ({ ...common, ...hop }));
  return [{ ...common, index: number(RTA_OIF) ?? 0, gateway: decodeGateway(known) }];
}

/** IPv6 has no scopes; for IPv4 a way without gateway ends on the link. */
function defaultScope({ destination, gateway }: LinkRoute): number {
  return gateway === undefined && destination.address.length === 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

function encodeMetrics({ mtuBytes, advmss }: LinkRoute): Uint8Array | undefined {
  const metrics: Attribute[] = [];
  if (mtuBytes !== undefined) metrics.push({ type: RTAX_MTU, value: encodeUint32(mtuBytes) });
  if (advmss !== undefined) metrics.push({ type: RTAX_ADVMSS, value: encodeUint32(advmss) });
  return metrics.length === 0 ? undefined : encodeAttributes(metrics);
}

function decodeMetrics(bytes: Uint8Array | undefined): Pick<LinkRoute, "mtuBytes" | "advmss"> {
  let mtuBytes: number | undefined;
  let advmss: number | undefined;
  for (const { type, value } of decodeAttributes(bytes ?? new Uint8Array(), [RTAX_MTU, RTAX_ADVMSS])) {
    if (type === RTAX_MTU) mtuBytes = decodeUint32(value);
    else advmss = decodeUint32(value);
  }
  return { mtuBytes, advmss };
}

/** By attribute type. RTA_VIA is a gateway of the other family: two bytes of family, then the address. */
function decodeGateway(known: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const gateway = known[RTA_GATEWAY] ?? known[RTA_VIA]?.subarray(2);
  if (gateway === undefined || gateway.length === 4 || gateway.length === 16) return gateway;
  throw new NetlinkFormatError(`cannot decode a gateway: it has ${gateway.length} bytes`);
}

function decodeNextHops(bytes: Uint8Array): readonly Pick<LinkRoute, "index" | "gateway">[] {
  const hops: Pick<LinkRoute, "index" | "gateway">[] = [];
  let offset = 0;
  while (offset + nextHopBytes <= bytes.length) {
    const length = uint16At(bytes, offset);
    if (length < nextHopBytes || offset + length > bytes.length) {
      throw new NetlinkFormatError(`cannot decode a next hop: ${length} bytes do not fit at ${offset}`);
    }
    const known: Uint8Array[] = [];
    const attributes = bytes.subarray(offset + nextHopBytes, offset + length);
    for (const { type, value } of decodeAttributes(attributes, [RTA_GATEWAY, RTA_VIA])) known[type] = value;
    hops.push({ index: int32At(bytes, offset + 4), gateway: decodeGateway(known) });
    offset += aligned(length);
  }
  return hops;
}
