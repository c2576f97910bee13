// `npm run faults [-- <seed>]`: 1,000 random kills of ADD, and as many of the reference plugin on both of its paths. Ends with
// 1 when mqtap left anything behind.

import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { Bed } from "../integration/bed.ts";
import { reportOf } from "./bedded-program.ts";
import type { KillPlan, KillReport } from "./random-kills.ts";

const kills = 1000;
const multiQueue = { multiQueue: true };
const reference = readlinkSync(join(import.meta.dirname, "../../dist/components/tap"));

const subjects: Readonly<Record<string, Pick<KillPlan, "plugin" | "conf">>> = {
  mqtap: { plugin: "/run/bin/mqtap", conf: { ...multiQueue, mtu: 1400 } },
  "reference, owner and group": { plugin: reference, conf: { ...multiQueue, owner: 107, group: 107 } },
  "reference, neither (ip)": { plugin: reference, conf: multiQueue },
};

async function main(seed: number): Promise<number> {
  await using bed = await Bed.open();
  console.log(`seed ${seed}; ${kills} kills each, at random moments of ADD; then DEL`);
  let faults = 0;
  for (const [name, subject] of Object.entries(subjects)) {
    const plan: KillPlan = { ...subject, kills, seed };
    const report = await reportOf<KillReport>(bed, "kill-program.ts", JSON.stringify(plan));
    console.log(describeReport(name, report));
    if (name === "mqtap") faults += report.leftovers + report.failedRetries + report.failedDeletions;
  }
  return faults === 0 ? 0 : 1;
}

function describeReport(name: string, report: KillReport): string {
  const { addMs, hits, found, leftovers, retries, failedRetries, failedDeletions } = report;
  return [
    `${name}: leftovers after DEL ${leftovers} (${((100 * leftovers) / kills).toFixed(1)} %)`,
    `ADD again failed ${failedRetries} of ${retries}`,
    `DEL failed ${failedDeletions}`,
    `${hits} killed while running, ${found} with a link in the pod then; ADD takes ${addMs.toFixed(1)} ms`,
  ].join("; ");
}

process.exitCode = await main(Number(process.argv[2] ?? Math.floor(Math.random() * 2 ** 31)));
