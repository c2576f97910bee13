// Answers of rtnetlink: recorded ones with bits and lengths changed, attributes put together at random, and noise.

import fc from "fast-check";
import { encodeAttributes } from "../../cni/netlink/attribute.ts";
import { encodeMessage } from "../../cni/netlink/message.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

/** Attributes of a link, of its info and of tun data share these types. */
const attributes = fc
  .array(fc.record({ type: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.nat(0xffff)), value: bytes(40) }), {
    maxLength: 12,
  })
  .map(encodeAttributes);

const nested = fc.tuple(fc.constantFrom(18, 2), attributes).map(([type, value]) => encodeAttributes([{ type, value }]));

export const linkPayloads = fc.oneof(
  fc.tuple(bytes(20), attributes, nested).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part]))),
  fc
    .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), nested, attributes)
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part]))),
  bytes(200),
);

const ipBytes = fc.constantFrom(4, 16).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));

/** Mostly what could be one: addresses, numbers, metrics and next hops. */
const ipAttributes = fc
  .array(
    fc.record({
      type: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.nat(0xffff)),
      value: fc.oneof(ipBytes, fc.uint8Array({ minLength: 4, maxLength: 4 }), attributes, bytes(40)),
    }),
    { maxLength: 8 },
  )
  .map(encodeAttributes);

/** An address has a header of 8 bytes, a route one of 12, in which byte 7 says that it is a unicast route. */
export const ipPayloads = fc.oneof(
  fc
    .tuple(fc.constantFrom(2, 10), fc.nat(140), fc.constantFrom(8, 12), ipAttributes)
    .map(([family, prefixLength, headerBytes, rest]) => {
      const header = new Uint8Array(headerBytes);
      header.set([family, prefixLength, 0, 0, 254, 3, 0, 1]);
      return Uint8Array.of(...header, ...rest);
    }),
  bytes(120),
);

const messages = fc
  .array(
    fc.record({
      type: fc.constantFrom(2, 3, 16, 20),
      flags: fc.nat(0xffff),
      sequence: fc.nat(5),
      payload: fc.oneof(linkPayloads, bytes(60)),
    }),
    { maxLength: 5 },
  )
  .map((list) => Uint8Array.from(list.flatMap((message) => [...encodeMessage(message)])));

/** One datagram, sometimes with a byte changed or its end cut off. */
export const datagrams = fc.oneof(
  messages,
  fc.tuple(messages, fc.nat(), fc.nat(255), fc.nat(40)).map(([datagram, at, value, cut]) => {
    const changed = datagram.slice(0, Math.max(0, datagram.length - cut));
    if (changed.length > 0) changed[at % changed.length] = value;
    return changed;
  }),
  bytes(120),
);
