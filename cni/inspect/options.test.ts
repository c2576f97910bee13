import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type InspectOptions, parseOptions, UsageError } from "./options.ts";

const plain: InspectOptions = { scope: { kind: "own" }, hasForeign: false, output: "table" };
const path: InspectOptions = { ...plain, scope: { kind: "path", path: "/run/netns/a" } };

describe("parseOptions()", () => {
  const understood: Record<string, InspectOptions | "help"> = {
    inspect: plain,
    "inspect --all": { ...plain, scope: { kind: "all" } },
    "inspect --netns /run/netns/a": path,
    "inspect --netns=/run/netns/a": path,
    "inspect --netns=-odd": { ...plain, scope: { kind: "path", path: "-odd" } },
    "inspect --foreign --all -o json": { scope: { kind: "all" }, hasForeign: true, output: "json" },
    "inspect -o=json": { ...plain, output: "json" },
    "inspect --output table": plain,
    "inspect --output=json --foreign": { ...plain, hasForeign: true, output: "json" },
    "inspect --all -h": "help",
    "inspect --help": "help",
    "-h": "help",
    "--help": "help",
    help: "help",
  };
  for (const [words, options] of Object.entries(understood)) {
    test(`understands "mqtap ${words}"`, () => {
      assert.deepEqual(parseOptions(words.split(" ")), options);
    });
  }

  const refused: Record<string, string> = {
    list: 'unknown command "list": say "inspect"',
    "--all": 'unknown command "--all": say "inspect"',
    "inspect tap0": 'unknown word "tap0"',
    "inspect --al": 'unknown word "--al"',
    "inspect --toString": 'unknown word "--toString"',
    "inspect __proto__": 'unknown word "__proto__"',
    "inspect -o": '"-o" needs a value: "table" or "json"',
    "inspect -o yaml": 'unknown output "yaml": say "table" or "json"',
    "inspect --netns": '"--netns" needs a value: a path',
    "inspect --netns=": '"--netns" needs a value: a path',
    "inspect --netns --foreign": '"--netns" needs a value: a path',
    "inspect --netns /a --all": '"--netns" and "--all" exclude each other',
    "inspect --netns /a --netns /b": '"--netns" is given twice',
    "inspect -o json --output=json": '"--output" is given twice',
    "inspect --all=yes": '"--all" takes no value',
  };
  for (const [words, message] of Object.entries(refused)) {
    test(`refuses "mqtap ${words}"`, () => {
      assert.throws(() => parseOptions(words.split(" ")), { name: "UsageError", message });
    });
  }

  test("throws only its own error, whatever the words", () => {
    const words = fc.constantFrom(
      "--all",
      "--netns",
      "--netns=",
      "-o",
      "json",
      "--output=table",
      "--foreign",
      "=",
      "-",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string())), (rest) => {
        try {
          parseOptions(["inspect", ...rest]);
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
        }
      }),
    );
  });
});
