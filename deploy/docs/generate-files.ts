// `npm run generate`: writes the documents beside the code that renders them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateDocs } from "./generate.ts";

for (const [name, text] of generateDocs()) writeFileSync(join(import.meta.dirname, name), text);
