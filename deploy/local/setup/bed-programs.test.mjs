import assert from "node:assert/strict";
import { it } from "node:test";
import { bedProgramsKey } from "./bed-programs.mjs";

it("bedProgramsKey() changes with the text and the name of a source", () => {
  const keys = [[["a.c", "x"]], [["a.c", "y"]], [["b.c", "x"]], []].map(bedProgramsKey);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(bedProgramsKey([["a.c", "x"]]), keys[0]);
});
