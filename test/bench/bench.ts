// `npm run bench`: every figure the README quotes, printed as its table. It reports; it asserts nothing.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { benchBinary } from "./binary.ts";
import { benchChangeLatency } from "./change-latency.ts";
import { benchKernelMemory } from "./kernel-memory.ts";
import type { Plugin } from "./plugin.ts";
import { formatFigures } from "./statistics.ts";

const layout = layoutOfCheckout();
const directory = mkdtempSync(join(tmpdir(), "mqtap-bench-"));
const mqtap: Plugin = { name: "mqtap", path: join(layout.distDir, "mqtap") };
const reference: Plugin = { name: "tap", path: join(layout.binDir, "tap") };

try {
  console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}\n`);
  const figures = [
    ...withNetns((netns) => benchBinary({ mqtap, reference, directory, netns, rounds: 200 })),
    benchKernelMemory({ mqtap, reference, directory, withNetns, taps: 50 }),
    ...(await benchChangeLatency(layout, 50)),
  ];
  console.log(formatFigures(figures));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function withNetns<T>(use: (netns: string) => T): T {
  const name = `mqtap-bench-${process.pid}`;
  execFileSync("ip", ["netns", "add", name]);
  try {
    return use(`/run/netns/${name}`);
  } finally {
    execFileSync("ip", ["netns", "del", name]);
  }
}

function machine(): string {
  const cpus = readFileSync("/proc/cpuinfo", "utf8").match(/^processor/gm)?.length ?? 0;
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  return `${cpus} x86-64 cores, Linux ${kernel.replace(/-.*/, "")}`;
}
