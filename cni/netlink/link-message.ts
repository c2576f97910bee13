// Links as rtnetlink(7) speaks of them: struct ifinfomsg and its attributes.

import {
  type Attribute,
  decodeAttributes,
  decodeUint8,
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
  IFLA_CARRIER,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_QDISC,
  IFLA_TXQLEN,
} from "./constants.ts";

const ifinfomsgBytes = 16;
const linkAttributes = [
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_MTU,
  IFLA_QDISC,
  IFLA_MASTER,
  IFLA_TXQLEN,
  IFLA_LINKINFO,
  IFLA_IFALIAS,
  IFLA_CARRIER,
];
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
  readonly hasCarrier: boolean;
  readonly name: string;
  readonly mac: string;
  readonly mtuBytes: number;
  readonly txQueueLength: number;
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
  let txQueueLength = 0;
  let hasCarrier = false;
  let alias: string | undefined;
  let master: number | undefined;
  let qdisc: string | undefined;
  let info: { readonly kind: string | undefined; readonly data: Uint8Array | undefined } | undefined;
  for (const { type, value } of decodeAttributes(payload.subarray(ifinfomsgBytes), linkAttributes)) {
    switch (type) {
      case IFLA_IFNAME:
        name = text(value);
        break;
      case IFLA_ADDRESS:
        mac = formatMac(value);
        break;
      case IFLA_MTU:
        mtuBytes = decodeUint32(value);
        break;
      case IFLA_IFALIAS:
        alias = text(value);
        break;
      case IFLA_MASTER:
        master = decodeUint32(value);
        break;
      case IFLA_QDISC:
        qdisc = text(value);
        break;
      case IFLA_TXQLEN:
        txQueueLength = decodeUint32(value);
        break;
      case IFLA_CARRIER:
        hasCarrier = decodeUint8(value) !== 0;
        break;
      case IFLA_LINKINFO:
        info = decodeLinkInfo(value, text);
        break;
    }
  }
  if (name === "") throw new NetlinkFormatError("cannot decode a link: it has no name");
  const isUp = (uint32At(payload, 8) & IFF_UP) !== 0;
  const index = int32At(payload, 4);
  const { kind, data } = info ?? {};
  return { index, isUp, hasCarrier, name, mac, mtuBytes, txQueueLength, alias, master, qdisc, kind, data };
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
