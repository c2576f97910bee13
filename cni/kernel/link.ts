// From rtnetlink's words to ours.

import type { RouteLink } from "../netlink/link-message.ts";
import { decodeTunData } from "../netlink/tun-data.ts";
import { IFF_TAP } from "../tun/constants.ts";
import type { Link, TapState } from "./kernel.ts";

/** @throws NetlinkFormatError when the tun driver's data cannot be read. */
export function toLink(link: RouteLink): Link {
  const { data, ...rest } = link;
  const tap = rest.kind === "tun" && data !== undefined ? toTapState(data) : undefined;
  return { ...rest, tap };
}

function toTapState(data: Uint8Array): TapState {
  const { type, ...rest } = decodeTunData(data);
  return { isTap: type === IFF_TAP, ...rest };
}
