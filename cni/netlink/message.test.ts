import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NetlinkFormatError } from "./attribute.ts";
import { decodeAcknowledgement, decodeMessages, encodeMessage, type Message } from "./message.ts";
import { consent, refusal } from "./recorded.ts";

const message = fc.record(
  {
    type: fc.nat(0xffff),
    flags: fc.nat(0xffff),
    sequence: fc.nat(0xffff_ffff),
    payload: fc.uint8Array({ maxLength: 200 }),
  },
  { noNullPrototype: true },
);

function plain({ type, flags, sequence, payload }: Message): unknown {
  return [type, flags, sequence, [...payload]];
}

function only(hex: string): Message {
  const [first, ...others] = decodeMessages(Buffer.from(hex, "hex"));
  assert.ok(first !== undefined && others.length === 0);
  return first;
}

test("decodeMessages() gives back what encodeMessage() was given, several to a datagram", () => {
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const datagram = Buffer.concat(messages.map(encodeMessage));
      assert.deepEqual(decodeMessages(datagram).map(plain), messages.map(plain));
    }),
  );
});

test("decodeMessages() and decodeAcknowledgement() throw only their own error, whatever they are given", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), message, (bytes, answer) => {
      for (const decode of [() => decodeMessages(bytes), () => decodeAcknowledgement(answer)]) {
        try {
          decode();
        } catch (error) {
          assert.ok(error instanceof NetlinkFormatError);
        }
      }
    }),
  );
});

test("decodeMessages() refuses a datagram that is cut off anywhere but between two messages", () => {
  const whole = Buffer.from(refusal, "hex");
  for (let length = 1; length < whole.length; length += 1) {
    assert.throws(() => decodeMessages(whole.subarray(0, length)), NetlinkFormatError);
  }
});

test("decodeAcknowledgement() reads a recorded consent", () => {
  assert.deepEqual(decodeAcknowledgement(only(consent)), { errno: 0, reason: undefined });
});

test("decodeAcknowledgement() reads a recorded refusal with the kernel's words", () => {
  const { errno, reason } = decodeAcknowledgement(only(refusal));
  assert.equal(errno, 22);
  assert.equal(Buffer.from(reason ?? []).toString(), "mtu greater than device maximum");
});
