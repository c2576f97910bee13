import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeUint32, NetlinkFormatError } from "./attribute.ts";
import { IFF_UP, IFLA_ADDRESS, IFLA_IFALIAS, IFLA_MTU } from "./constants.ts";
import { decodeLink, encodeLinkRequest, formatMac, parseMac } from "./link-message.ts";
import { decodeMessages } from "./message.ts";
import { encodeRootQdisc } from "./qdisc-message.ts";
import { asked, linkAnswer } from "./recorded.ts";
import { decodeTunData } from "./tun-data.ts";

const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const linkPayload = decodeMessages(Buffer.from(linkAnswer, "hex"))[0]?.payload ?? new Uint8Array();

const requests: Record<keyof typeof asked, Uint8Array> = {
  up: encodeLinkRequest({ index: 2, setFlags: IFF_UP }),
  mtu: encodeLinkRequest({ index: 2, attributes: [{ type: IFLA_MTU, value: encodeUint32(9000) }] }),
  mac: encodeLinkRequest({ index: 2, attributes: [{ type: IFLA_ADDRESS, value: parseMac("02:00:00:00:00:AA") }] }),
  alias: encodeLinkRequest({ index: 2, attributes: [{ type: IFLA_IFALIAS, value: Buffer.from("abc") }] }),
  del: encodeLinkRequest({ index: 2 }),
  noqueue: encodeRootQdisc(2, "noqueue"),
};

for (const [what, payload] of Object.entries(requests)) {
  test(`a request of "${what}" has the bytes that ip and tc send`, () => {
    assert.equal(hex(payload), Object.entries(asked).find(([name]) => name === what)?.[1]);
  });
}

test("decodeLink() and decodeTunData() read what the kernel says of a tap", () => {
  const { data, ...link } = decodeLink(linkPayload, decodeUtf8);
  assert.deepEqual(link, {
    index: 2,
    isUp: true,
    hasCarrier: false,
    txQueueLength: 1000,
    name: "tap0",
    mac: "02:00:00:00:00:aa",
    mtuBytes: 9000,
    alias: "größe",
    master: 3,
    qdisc: "noqueue",
    kind: "tun",
  });
  assert.deepEqual(decodeTunData(data ?? new Uint8Array()), {
    type: 2,
    isMultiQueue: true,
    isPersistent: true,
    owner: 107,
    group: 108,
    queues: 0,
    disabledQueues: 0,
  });
});

test("decodeLink() and decodeTunData() throw only their own error, whatever they are given", () => {
  const damaged = fc.tuple(fc.nat(linkPayload.length - 1), fc.nat(255)).map(([at, byte]) => {
    const bytes = Uint8Array.from(linkPayload);
    bytes[at] = byte;
    return bytes;
  });
  const cut = fc.nat(linkPayload.length).map((length) => linkPayload.slice(0, length));
  fc.assert(
    fc.property(fc.oneof(damaged, cut, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        const { data } = decodeLink(bytes, decodeUtf8);
        if (data !== undefined) decodeTunData(data);
      } catch (error) {
        assert.ok(error instanceof NetlinkFormatError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test("formatMac() gives back what parseMac() read, in lower case", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      assert.deepEqual([...parseMac(formatMac(bytes).toUpperCase())], [...bytes]);
    }),
  );
});

test("parseMac() refuses what is no MAC", () => {
  for (const mac of [
    "",
    "02:00:00:00:00",
    "02:00:00:00:00:0g",
    "02-00-00-00-00-01",
    "02:00:00:00:00:01:02",
    "2:0:0:0:0:1",
  ]) {
    assert.throws(() => parseMac(mac), RangeError);
  }
});
