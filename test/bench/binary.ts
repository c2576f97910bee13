// The binary beside the reference plugin: size, start-up, ADD + DEL, memory; interleaved, so that both see the same machine.
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { compareMedians } from "./compare-medians.ts";
import type { Cost, Plugin, Run } from "./plugin.ts";
import type { Figure } from "./statistics.ts";

export interface BinaryBench {
  readonly mqtap: Plugin;
  readonly reference: Plugin;
  readonly run: Run;
  readonly netns: string;
  readonly rounds: number;
}

export function benchBinary(bench: BinaryBench): readonly Figure[] {
  const { run } = bench;
  const versions: [Cost[], Cost[]] = [[], []];
  const lives: [Cost[], Cost[]] = [[], []];
  for (let round = 0; round < bench.rounds; round++) {
    for (const [i, plugin] of [bench.mqtap, bench.reference].entries()) {
      versions[i]?.push(run({ plugin, verb: "VERSION" }));
      const add = run({ plugin, verb: "ADD", netns: bench.netns });
      const del = run({ plugin, verb: "DEL", netns: bench.netns });
      lives[i]?.push({
        wallUs: add.wallUs + del.wallUs,
        cpuUs: add.cpuUs + del.cpuUs,
        maxRssKb: Math.max(add.maxRssKb, del.maxRssKb),
      });
    }
  }
  const instructions = versionInstructions(bench.mqtap);
  const peerInstructions = versionInstructions(bench.reference);
  const size = statSync(bench.mqtap.path).size;
  return [
    {
      what: "binary, MB",
      mqtap: (size / 1e6).toFixed(2),
      peer: (statSync(bench.reference.path).size / 1e6).toFixed(2),
      ratio: (size / statSync(bench.reference.path).size).toFixed(2),
      wanted: "<= 2.5",
      isMet: size <= 2.5e6,
    },
    staticFigure(bench),
    compareMedians("VERSION wall p50, us", versions, (c) => c.wallUs),
    compareMedians("VERSION CPU p50, us", versions, (c) => c.cpuUs),
    compareMedians("ADD + DEL wall p50, us", lives, (c) => c.wallUs),
    compareMedians("ADD + DEL CPU p50, us", lives, (c) => c.cpuUs, { wanted: "<= 0.40 x", most: 0.4 }),
    {
      what: "VERSION, million instructions (callgrind)",
      mqtap: (instructions / 1e6).toFixed(2),
      peer: (peerInstructions / 1e6).toFixed(2),
      ratio: (instructions / peerInstructions).toFixed(2),
      wanted: "<= 2.0",
      isMet: instructions <= 2e6,
    },
    residentFigure(lives),
  ];
}

function residentFigure([ours, theirs]: readonly [Cost[], Cost[]]): Figure {
  const most = (costs: Cost[]) => Math.max(...costs.map((c) => c.maxRssKb)) / 1024;
  const [mqtap, peer] = [most(ours), most(theirs)];
  return {
    what: "largest RSS of ADD or DEL, MB",
    mqtap: mqtap.toFixed(1),
    peer: peer.toFixed(1),
    ratio: (mqtap / peer).toFixed(2),
    wanted: "<= 3",
    isMet: mqtap <= 3,
  };
}

function staticFigure(bench: BinaryBench): Figure {
  const [mqtap, peer] = [isStatic(bench.mqtap.path), isStatic(bench.reference.path)];
  return { what: "static", mqtap: `${mqtap}`, peer: `${peer}`, ratio: "", wanted: "true", isMet: mqtap };
}

/** ELF64: a static file has no PT_INTERP (3) among its program headers (elf.h). */
function isStatic(path: string): boolean {
  const file = readFileSync(path);
  const offset = Number(file.readBigUInt64LE(32));
  const entrySize = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  return !Array.from({ length: count }, (_, i) => file.readUInt32LE(offset + i * entrySize)).includes(3);
}

function versionInstructions(plugin: Plugin): number {
  const valgrind = spawnSync("valgrind", ["--tool=callgrind", "--callgrind-out-file=/dev/null", plugin.path], {
    encoding: "utf8",
    // callgrind cannot follow the signals by which Go preempts its goroutines
    env: { CNI_COMMAND: "VERSION", PATH: process.env["PATH"], GODEBUG: "asyncpreemptoff=1" },
  });
  const counted = /Collected : (\d+)/.exec(valgrind.stderr)?.[1];
  if (counted === undefined) throw new Error(`cannot count instructions of ${plugin.name}: ${valgrind.stderr}`);
  return Number(counted);
}
