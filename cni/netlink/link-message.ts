// Links as rtnetlink(7) speaks of them: struct ifinfomsg and its attributes.

import {
  type Attribute,
  decodeAttributes,
  decodeUint32,
  encodeAttributes,
  int32At,
  NetlinkFormatError,
  putInt32,
  uint32At,
  untilNul,
} from "./attribute.ts";
import {
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_QDISC,
} from "./constants.ts";

const ifinfomsgBytes = 16;
const linkAttributes = [IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_QDISC, IFLA_MASTER, IFLA_LINKINFO, IFLA_IFALIAS];
const infoAttributes = [IFLA_INFO_KIND, IFLA_INFO_DATA];

/** What a request says of a link: which one, what to switch on, attributes. */
export interface LinkRequest {
  /** 0 where the name tells. */
  readonly index: number;
  /** Set exactly these of the link's flags. */
  readonly setFlags?: number;
  readonly attributes?: readonly Attribute[];
}

/** A link as the kernel describes it. */
export interface RouteLink {
  readonly index: number;
  readonly isUp: boolean;
  readonly name: string;
  readonly mac: string;
  readonly mtuBytes: number;
  readonly alias: string | undefined;
  readonly master: number | undefined;
  readonly qdisc: string | undefined;
  readonly kind: string | undefined;
  /** IFLA_INFO_DATA, of which only the kind knows the meaning. */
  readonly data: Uint8Array | undefined;
}

export function encodeLinkRequest({ index, setFlags = 0, attributes = [] }: LinkRequest): Uint8Array {
  const encoded = encodeAttributes(attributes);
  const payload = new Uint8Array(ifinfomsgBytes + encoded.length);
  putInt32(payload, 4, index);
  putInt32(payload, 8, setFlags);
  putInt32(payload, 12, setFlags);
  payload.set(encoded, ifinfomsgBytes);
  return payload;
}

/** @throws NetlinkFormatError */
export function decodeLink(payload: Uint8Array, decodeUtf8: (bytes: Uint8Array) => string): RouteLink {
  if (payload.length < ifinfomsgBytes) throw new NetlinkFormatError("cannot decode a link: it is cut off");
  const text = (value: Uint8Array): string => decodeUtf8(untilNul(value));
  let name = "";
  let mac = "";
  let mtuBytes = 0;
  let alias: string | undefined;
  let master: number | undefined;
  let qdisc: string | undefined;
  let info: { readonly kind: string | undefined; readonly data: Uint8Array | undefined } | undefined;
  for (const { type, value } of decodeAttributes(payload.subarray(ifinfomsgBytes), linkAttributes)) {
    if (type === IFLA_IFNAME) name = text(value);
    else if (type === IFLA_ADDRESS) mac = formatMac(value);
    else if (type === IFLA_MTU) mtuBytes = decodeUint32(value);
    else if (type === IFLA_IFALIAS) alias = text(value);
    else if (type === IFLA_MASTER) master = decodeUint32(value);
    else if (type === IFLA_QDISC) qdisc = text(value);
    else if (type === IFLA_LINKINFO) info = decodeLinkInfo(value, text);
  }
  if (name === "") throw new NetlinkFormatError("cannot decode a link: it has no name");
  const isUp = (uint32At(payload, 8) & IFF_UP) !== 0;
  const index = int32At(payload, 4);
  return { index, isUp, name, mac, mtuBytes, alias, master, qdisc, kind: info?.kind, data: info?.data };
}

function decodeLinkInfo(
  bytes: Uint8Array,
  text: (value: Uint8Array) => string,
): { readonly kind: string | undefined; readonly data: Uint8Array | undefined } {
  let kind: string | undefined;
  let data: Uint8Array | undefined;
  for (const { type, value } of decodeAttributes(bytes, infoAttributes)) {
    if (type === IFLA_INFO_KIND) kind = text(value);
    else if (type === IFLA_INFO_DATA) data = value;
  }
  return { kind, data };
}

/** `02:00:00:00:00:01`, in lower case as the kernel prints it; empty for a link without address. */
export function formatMac(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += `${text === "" ? "" : ":"}${byte < 16 ? "0" : ""}${byte.toString(16)}`;
  return text;
}

/** @throws RangeError for anything but six bytes in hexadecimal. */
export function parseMac(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac))
    throw new RangeError(`cannot encode the MAC "${mac}": not six bytes`);
  return Uint8Array.from(mac.split(":"), (byte) => Number.parseInt(byte, 16));
}
