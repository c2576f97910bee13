// struct ifreq of linux/if.h as TUNSETIFF and TUNGETIFF use it: 16 bytes of name, then 16 bits of flags in host order
// (little-endian on both architectures), the rest zero.

import { ifreqBytes } from "./constants.ts";
import { IFNAMSIZ, linkNameBytes } from "./link-name.ts";

/** @throws RangeError for a name that no link can have (see link-name.ts) and flags beyond 16 bits. */
export function encodeIfreq(name: string, flags: number): Uint8Array {
  const bytes = linkNameBytes(name);
  if (bytes === undefined) throw new RangeError(`cannot encode the link name "${name}": no link can be named so`);
  if (!Number.isInteger(flags) || flags < 0 || flags > 0xffff) {
    throw new RangeError(`cannot encode the flags ${flags}: not 16 bits`);
  }
  const ifreq = new Uint8Array(ifreqBytes);
  ifreq.set(bytes);
  ifreq[IFNAMSIZ] = flags & 0xff;
  ifreq[IFNAMSIZ + 1] = flags >> 8;
  return ifreq;
}
