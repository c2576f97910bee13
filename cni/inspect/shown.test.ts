import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shown } from "./shown.ts";

const examples: Record<string, string> = {
  tap0: "tap0",
  "e\u001b[1mx": "e\\x1b[1mx",
  "a\nb\t\0": "a\\x0ab\\x09\\x00",
  "C:\\x1b": "C:\\\\x1b",
  "\u009b31m\u007f": "\\x9b31m\\x7f",
  "ab\u202edc": "ab\\u{202e}dc",
  "täp😀\ud800": "t\\xe4p\\u{1f600}\\u{d800}",
};
for (const [text, safe] of Object.entries(examples)) {
  test(`shown() makes ${JSON.stringify(text)} safe for a terminal`, () => {
    assert.equal(shown(text), safe);
  });
}

test("shown() gives printable ASCII for any text, and different texts for different ones", () => {
  const meant = (text: string) =>
    text.replace(/\\(\\|x(..)|u\{(.*?)\})/g, (_all, one: string, two?: string, many?: string) =>
      one === "\\" ? "\\" : String.fromCodePoint(Number.parseInt(two ?? many ?? "", 16)),
    );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.match(shown(text), /^[\x20-\x7e]*$/);
      assert.equal(meant(shown(text)), text);
    }),
  );
});
