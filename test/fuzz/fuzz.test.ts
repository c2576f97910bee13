// The short run of every day; `npm run fuzz` is the long one, and takes the seed that a failure prints.

import { test } from "node:test";
import fc from "fast-check";
import { properties } from "./properties.ts";

for (const [name, property] of Object.entries(properties)) {
  test(`no input breaks ${name}`, () => fc.assert(property, { numRuns: 250 }));
}
