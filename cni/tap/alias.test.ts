import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { attachmentId, formatAlias, networkId, parseAlias, type TapAlias } from "./alias.ts";

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");
const hex = (length: number) =>
  fc.string({ minLength: length, maxLength: length, unit: fc.constantFrom(..."0123456789abcdef") });
const queues = fc.integer({ min: 1, max: 256 });
const aliases: fc.Arbitrary<TapAlias> = fc.oneof(
  fc.record({
    mode: fc.constantFrom("main", "companion", "binding"),
    queues,
    networkId: hex(16),
    attachmentId: hex(32),
  }),
  fc.record({ mode: fc.constant("adopted" as const), queues }),
);
const good = `mqtap/1 q=4 m=main n=${"a".repeat(16)} a=${"b".repeat(32)}`;

describe("alias", () => {
  test("parseAlias() gives back what formatAlias() took", () => {
    fc.assert(
      fc.property(aliases, (alias) => {
        assert.deepEqual(parseAlias(formatAlias(alias)), { ...alias });
      }),
    );
  });

  test("an alias fits into the kernel's 255 bytes", () => {
    fc.assert(fc.property(aliases, (alias) => assert.ok(formatAlias(alias).length < 256)));
  });

  const forged: Record<string, string | undefined> = {
    nothing: undefined,
    "an empty text": "",
    "no queue": good.replace("q=4", "q=0"),
    "257 queues": good.replace("q=4", "q=257"),
    "a padded count": good.replace("q=4", "q=04"),
    "another version": good.replace("mqtap/1", "mqtap/2"),
    "another mode": good.replace("m=main", "m=hook"),
    "upper-case digits": good.replace("a=b", "a=B"),
    "a short attachment id": good.slice(0, -1),
    "something after it": `${good} x`,
    "something before it": ` ${good}`,
    "a newline after it": `${good}\n`,
    "a second line": `x\n${good}`,
    "an adopted tap with an attachment": `mqtap/1 q=4 m=adopted n=${"a".repeat(16)} a=${"b".repeat(32)}`,
    "an own tap without attachment": "mqtap/1 q=4 m=main",
  };
  for (const [what, text] of Object.entries(forged)) {
    test(`parseAlias() takes ${what} for foreign`, () => assert.equal(parseAlias(text), undefined));
  }

  test("parseAlias() throws for no text", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseAlias(text)));
  });

  test("attachmentId() keeps its three parts apart", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "b", "-") });
    const attachment = fc.record({ network: part, containerId: part, ifName: part });
    fc.assert(
      fc.property(attachment, attachment, (one, other) => {
        const isSame = JSON.stringify({ ...one }) === JSON.stringify({ ...other });
        assert.equal(attachmentId(sha256Hex, one) === attachmentId(sha256Hex, other), isSame);
        assert.match(attachmentId(sha256Hex, one), /^[0-9a-f]{32}$/);
      }),
    );
  });

  test("networkId() is the beginning of the name's SHA-256", () => {
    assert.equal(networkId(sha256Hex, "blue"), "16477688c0e00699");
  });
});
