// `npm run generate`: writes the table of the top README from what the tests saw last.
import { readFileSync, writeFileSync } from "node:fs";
import { readmeFile, readResults } from "./results.ts";
import { renderTable, replaceTable } from "./table.ts";

const cells = readResults();
if (cells === undefined) {
  console.log('README.md keeps its table "What happens": npm test makes what a new one is made of');
} else {
  writeFileSync(readmeFile, replaceTable(readFileSync(readmeFile, "utf8"), renderTable(cells)));
}
