// From rtnetlink's words to ours.

import type { RouteLink } from "../netlink/link-message.ts";
import { decodeTunData } from "../netlink/tun-data.ts";
import { IFF_TAP } from "../tun/constants.ts";
import type { Link, TapState } from "./kernel.ts";

/** @throws NetlinkFormatError when the tun driver's data cannot be read. */
export function toLink(link: RouteLink): Link {
  const { index, name, kind, mac, mtuBytes, isUp, alias, master, qdisc, data } = link;
  const tap = kind === "tun" && data !== undefined ? toTapState(data) : undefined;
  return { index, name, kind, mac, mtuBytes, isUp, alias, master, qdisc, tap };
}

function toTapState(data: Uint8Array): TapState {
  const { type, ...rest } = decodeTunData(data);
  return { isTap: type === IFF_TAP, ...rest };
}
