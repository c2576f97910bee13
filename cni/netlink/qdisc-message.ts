// Queueing disciplines as rtnetlink(7) speaks of them: struct tcmsg of linux/rtnetlink.h.

import { encodeAttributes, putInt32 } from "./attribute.ts";
import { TC_H_ROOT, TCA_KIND } from "./constants.ts";

const tcmsgBytes = 20;

/** Asks for `kind` as the root qdisc of a link, as `tc qdisc replace dev … root <kind>` does. */
export function encodeRootQdisc(index: number, kind: string): Uint8Array {
  // The kernel wants the ending NUL; kinds are plain ASCII.
  const name = Uint8Array.from(`${kind}\0`, (character) => character.charCodeAt(0));
  const attributes = encodeAttributes([{ type: TCA_KIND, value: name }]);
  const payload = new Uint8Array(tcmsgBytes + attributes.length);
  putInt32(payload, 4, index);
  putInt32(payload, 12, TC_H_ROOT);
  payload.set(attributes, tcmsgBytes);
  return payload;
}
