// `npm run fuzz [-- --seed=N] [--runs=N]`: every property on 10,000 inputs or as many as told. The seed is printed and repeats
// the run; a failure ends with 1 and shows the smallest input that fast-check found.

import { parseArgs } from "node:util";
import fc from "fast-check";
import { properties } from "./properties.ts";

const { values } = parseArgs({
  options: { seed: { type: "string" }, runs: { type: "string", default: "10000" } },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const numRuns = Number(values.runs);
console.log(`seed ${seed}`);

let cases = 0;
for (const [name, property] of Object.entries(properties)) {
  const started = performance.now();
  const details = fc.check(property, { seed, numRuns });
  cases += details.numRuns;
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(`${details.failed ? "FAILED" : "ok    "} ${name}: ${details.numRuns} cases in ${took}`);
  if (!details.failed) continue;
  console.log(fc.defaultReportMessage(details));
  process.exitCode = 1;
}
console.log(`${cases} cases, most memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
