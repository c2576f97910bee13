// `npm run generate`: writes the CRD files beside the schemas they come from.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateCrdFiles } from "./generate.ts";

for (const [name, text] of generateCrdFiles()) writeFileSync(join(import.meta.dirname, name), text);
