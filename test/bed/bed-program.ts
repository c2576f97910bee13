// Starts a bed, runs a pod in it, says the bed's directory and stays until its stdin ends: what ends.test.ts kills.
import { once } from "node:events";
import { startBed } from "../../deploy/local/bed/start-bed.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { apply, idlePod, waitReady } from "./pods.ts";

await using bed = await startBed({
  layout: layoutOfCheckout(),
  nodes: [{ name: "node1", hasTuntapSysctl: true }],
  log: (line) => console.log(line),
});
await apply(bed, idlePod("a", "node1"));
await waitReady(bed, "a");
console.log(`bed ${bed.directory}`);
await once(process.stdin.resume(), "close");
