// The files of this folder that are generated, from the checkout they lie in.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { renderConfiguration } from "./configuration.ts";
import { renderTroubleshooting } from "./troubleshooting.ts";

/** Name and text of each. */
export function generateDocs(): ReadonlyMap<string, string> {
  const chart = join(import.meta.dirname, "../chart");
  const schema = JSON.parse(readFileSync(join(chart, "values.schema.json"), "utf8"));
  const values = parse(readFileSync(join(chart, "values.yaml"), "utf8"));
  return new Map([
    ["configuration.md", renderConfiguration({ schema, values })],
    ["troubleshooting.md", renderTroubleshooting()],
  ]);
}
