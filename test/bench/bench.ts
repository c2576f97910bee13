// `npm run bench`: every figure the README quotes, printed as its table, and add-cost.svg. It reports; it asserts nothing.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { benchAddCost } from "./add-cost.ts";
import { benchBinary } from "./binary.ts";
import { benchChangeLatency } from "./change-latency.ts";
import { benchHook } from "./hook.ts";
import { benchImageSizes } from "./image-sizes.ts";
import { benchInstalled } from "./installed.ts";
import { benchKernelMemory } from "./kernel-memory.ts";
import { benchLargestConfig } from "./largest-config.ts";
import { withNamespace } from "./namespaces.ts";
import { benchParallel } from "./parallel.ts";
import { renderPlot } from "./plot.ts";
import { measuringRunner, type Plugin } from "./plugin.ts";
import { formatFigures } from "./statistics.ts";
import { benchStatus } from "./status.ts";
import { benchTenNics } from "./ten-nics.ts";

const layout = layoutOfCheckout();
const directory = mkdtempSync(join(tmpdir(), "mqtap-bench-"));
// Fresh copies, as an installer makes them: where the page cache has put an old file is worth 10 % of a call.
const mqtap: Plugin = { name: "mqtap", path: freshCopy(join(layout.distDir, "mqtap")) };
const reference: Plugin = { name: "tap", path: freshCopy(join(layout.binDir, "tap")) };
const spawn = join(directory, "spawn");
const where = `${new Date().toISOString().slice(0, 10)}, ${machine()}`;

try {
  const run = measuringRunner(directory);
  console.log(`${where}\n`);
  const binary = withNamespace((netns) => benchBinary({ mqtap, reference, run, netns, rounds: 200 }));
  const parallel = benchParallel({ mqtap, reference, run, count: 16, rounds: 20 });
  const addCost = benchAddCost({ mqtap, reference, run, rounds: 30 });
  writeFileSync(
    join(import.meta.dirname, "add-cost.svg"),
    renderPlot({
      title: `CPU time of one ADD, beside taps that are there already (${where})`,
      yTitle: "CPU time, p50, ms",
      panels: addCost.panels,
    }),
  );
  const figures = [
    ...binary,
    ...parallel,
    ...addCost.figures,
    ...benchStatus(run, mqtap, 100),
    benchKernelMemory({ mqtap, reference, run, taps: 50 }),
    ...benchLargestConfig(run, mqtap, reference),
    ...benchHook({ path: mqtap.path, runner: spawn, rounds: 40 }),
    ...(await benchChangeLatency(layout, 50)),
    ...(await benchImageSizes(layout)),
    ...(await benchInstalled(layout, { spawn, rounds: 100, restSeconds: 60 })),
  ];
  console.log(formatFigures(figures));
  console.log(`\nThe case of kubevirt#18012:\n\n${await benchTenNics(5)}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function freshCopy(path: string): string {
  const copy = join(directory, basename(path));
  copyFileSync(path, copy);
  return copy;
}

function machine(): string {
  const cpus = readFileSync("/proc/cpuinfo", "utf8").match(/^processor/gm)?.length ?? 0;
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  return `${cpus} x86-64 cores, Linux ${kernel.replace(/-.*/, "")}`;
}
