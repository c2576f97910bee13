import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Component, checkComponents } from "./component.ts";

const component = (name: string, text = "do as you like"): Component => ({
  name,
  version: "1.0.0",
  purl: `pkg:npm/${name}@1.0.0`,
  texts: [{ name: "LICENSE", text }],
});

describe("checkComponents()", () => {
  test("gives each component once, in one order", () => {
    const found = checkComponents([component("b"), component("a"), component("b")]);
    assert.deepEqual(found, [component("a"), component("b")]);
  });

  test("refuses what has no licence text, and names all of it", () => {
    const components = [component("a"), component("blank", " \n"), { ...component("bare"), texts: [] }];
    const message = "cannot ship without a licence text: blank 1.0.0, bare 1.0.0";
    assert.throws(() => checkComponents(components), { message });
  });
});
