import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { memberText } from "./json-span.ts";

describe("memberText()", () => {
  const cases: Record<string, { text: string; span: string | undefined }> = {
    "keeps numbers that JavaScript cannot hold": {
      text: '{"name":"x","prevResult":{"a":12345678901234567890,"b":1.0}}',
      span: '{"a":12345678901234567890,"b":1.0}',
    },
    "keeps white space inside, not around": { text: '{ "prevResult" : { "a" : [ ] } , "b":1}', span: '{ "a" : [ ] }' },
    "looks at the top level only": { text: '{"a":{"prevResult":1},"b":[{"prevResult":2}]}', span: undefined },
    "is not misled by a string": { text: '{"a":"\\"prevResult\\":1","b":"}","prevResult":null}', span: "null" },
    "takes the key in any case": { text: '{"prevresult":3}', span: "3" },
    "takes the key with escapes": { text: '{"prevResul\\u0074":"x:y,z"}', span: '"x:y,z"' },
    "takes the last of two": { text: '{"prevResult":1,"PREVRESULT":2}', span: "2" },
    "finds nothing in an array": { text: '["prevResult",{"prevResult":1}]', span: undefined },
    "finds nothing in an empty object": { text: "{}", span: undefined },
  };
  for (const [what, { text, span }] of Object.entries(cases)) {
    test(what, () => assert.equal(memberText(text, "prevResult"), span));
  }

  test("finds what JSON.parse finds, in any document", () => {
    const documents = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("a", "b", "key")), fc.jsonValue());
    fc.assert(
      fc.property(documents, fc.boolean(), (document, isIndented) => {
        const wanted = { ...document, key: document["key"] ?? null };
        const text = JSON.stringify(wanted, undefined, isIndented ? 2 : 0);
        fc.pre(!Object.keys(document).some((key) => key !== "key" && key.toLowerCase() === "key"));
        // -0 is written as 0, so what was written decides
        assert.deepEqual(JSON.parse(memberText(text, "key") ?? ""), JSON.parse(text).key);
      }),
    );
  });
});
