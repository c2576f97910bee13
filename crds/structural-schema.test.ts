import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as z from "zod/mini";
import { described, text, whole } from "./schema.ts";
import { structuralSchema } from "./structural-schema.ts";

const object = (shape: Record<string, z.ZodMiniType>) => described(z.object(shape), "An object.");

describe("structuralSchema() writes", () => {
  const table: Record<string, readonly [z.ZodMiniType, Record<string, unknown>]> = {
    "a whole number with its width and bounds": [
      whole("A count.", 2, 256),
      { description: "A count.", type: "integer", format: "int32", minimum: 2, maximum: 256 },
    ],
    "no bound that the width implies": [
      described(z.int32(), "A number."),
      { description: "A number.", type: "integer", format: "int32" },
    ],
    "a wide number as int64": [
      described(z.int(), "A generation."),
      { description: "A generation.", type: "integer", format: "int64" },
    ],
    "a time without a pattern": [
      described(z.iso.datetime({ offset: true }), "A time."),
      { description: "A time.", type: "string", format: "date-time" },
    ],
    "a nullable string": [
      described(z.nullable(z.string().check(z.maxLength(9))), "A value."),
      { description: "A value.", type: "string", nullable: true, maxLength: 9 },
    ],
    "a default, also in the description": [
      z._default(text("A word.", 9), "none"),
      { description: "A word. Default: none.", type: "string", default: "none", minLength: 1, maxLength: 9 },
    ],
    "a number or a string without a type": [
      described(z.union([z.int32(), z.string()]), "A share.", [], { "x-kubernetes-int-or-string": true, maxLength: 4 }),
      {
        description: "A share.",
        maxLength: 4,
        anyOf: [{ type: "integer" }, { type: "string" }],
        "x-kubernetes-int-or-string": true,
      },
    ],
  };
  for (const [sentence, [schema, structural]] of Object.entries(table)) {
    test(sentence, () => assert.deepEqual(structuralSchema(schema), structural));
  }
});

test("structuralSchema() lists as required what has neither default nor question mark", () => {
  const schema = object({ a: text("A.", 1), b: z.optional(text("B.", 1)), c: z._default(text("C.", 1), "c") });
  assert.deepEqual(structuralSchema(schema)["required"], ["a"]);
});

describe("structuralSchema() refuses", () => {
  const table: Record<string, readonly [z.ZodMiniType, RegExp]> = {
    "a field without a description": [object({ a: z.boolean() }), /"\.a": it has no description/],
    "a string without a bound": [object({ a: described(z.string(), "A.") }), /"\.a": it has no maxLength/],
    "a list without a bound": [object({ a: described(z.array(text("", 1)), "A.") }), /"\.a": it has no maxItems/],
    "a map without a bound": [
      object({ a: described(z.record(z.string(), text("", 1)), "A.") }),
      /"\.a": it has no maxProperties/,
    ],
    "a union of objects": [
      object({ a: described(z.union([z.object({}), z.boolean()]), "A.") }),
      /"\.a": undefined has no structural form/,
    ],
  };
  for (const [sentence, [schema, message]] of Object.entries(table)) {
    test(sentence, () => assert.throws(() => structuralSchema(schema), message));
  }
});
