// Runs inside a bed, as `kill-program.ts <plan as JSON>`, and prints its report as JSON.

import { type KillPlan, killAtRandom } from "./random-kills.ts";

const plan: KillPlan = JSON.parse(process.argv[2] ?? "");
process.stdout.write(JSON.stringify(await killAtRandom(plan)));
