import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { namesPlugin } from "./names-plugin.ts";

for (const [what, { text, names }] of Object.entries<{ readonly text: string; readonly names: boolean }>({
  "a plain configuration": { text: '{"cniVersion":"1.0.0","name":"x","type":"mqtap"}', names: true },
  "a chain": { text: '{"name":"x","plugins":[{"type":"bridge"},{"type":"mqtap","sizing":"vm"}]}', names: true },
  "a meta plugin's delegates": { text: '{"type":"multus","delegates":[{"plugins":[{"type":"mqtap"}]}]}', names: true },
  "a key in another case, as Go takes it": { text: '{"Type":"mqtap"}', names: true },
  "a network of that name with another plugin": { text: '{"name":"mqtap","type":"bridge"}', names: false },
  "another configuration": { text: '{"plugins":[{"type":"bridge","ipam":{"type":"host-local"}}]}', names: false },
  "an empty file": { text: "", names: false },
  "something broken that has the word": { text: '{"type": "mqtap"', names: true },
  "something broken that has not": { text: '{"type": "bridge"', names: false },
})) {
  test(`namesPlugin() says ${names} for ${what}`, () => assert.equal(namesPlugin(text), names));
}

test("namesPlugin() finds the plugin wherever it stands in a document", () => {
  const plugin = { type: "mqtap" };
  const around = fc.letrec((tie) => ({
    document: fc.oneof(
      { depthSize: "small" },
      fc.constant<unknown>(plugin),
      fc.tuple(fc.jsonValue(), tie("document")),
      fc.record({ other: fc.jsonValue(), plugins: tie("document") }),
    ),
  })).document;
  fc.assert(fc.property(around, (document) => namesPlugin(JSON.stringify(document))));
});
