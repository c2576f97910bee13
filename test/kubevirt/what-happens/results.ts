// What the tests saw, kept for `npm run generate`.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Cell } from "./situations.ts";

const file = fileURLToPath(new URL("../../../dist/what-happens.json", import.meta.url));
export const readmeFile = fileURLToPath(new URL("../../../README.md", import.meta.url));

export function writeResults(cells: readonly Cell[]): void {
  mkdirSync(new URL("../../../dist/", import.meta.url), { recursive: true });
  writeFileSync(file, `${JSON.stringify(cells, null, 1)}\n`);
}

/** Undefined when the tests have not run in this checkout. */
export function readResults(): readonly Cell[] | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
