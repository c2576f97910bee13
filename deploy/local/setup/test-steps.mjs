// The steps of `npm test`, one after the other; the table of their minutes comes last, also when a step fails.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findLeftovers, takeSnapshot } from "./leftovers.mjs";
import { node26 } from "./paths.mjs";
import { renderDuration } from "./progress.mjs";
import { runForeground } from "./run.mjs";

/**
 * The test files of a step: globs for Node's test runner, how many files run at once. The files `alone` names, which
 * look at the whole machine, run before the others and one by one.
 */
const testSuites = {
  unit: {
    globs: [
      "{cni,operator,crds,deploy}/**/*.test.{ts,mjs}",
      "test/!(integration|conformance|faults|runtimes|guest|images|arm64|kubevirt|libvirt|virt-launcher|e2e|bed)/**/*.test.ts",
    ],
    concurrency: 2,
  },
  integration: {
    globs: ["test/{integration,conformance,faults}/**/*.test.ts", "test/runtimes/*.test.ts"],
    concurrency: 2,
  },
  arm64: { globs: ["test/arm64/**/*.test.ts"], concurrency: 1 },
  images: { globs: ["test/images/**/*.test.ts"], concurrency: 1 },
  kubevirt: { globs: ["test/kubevirt/**/*.test.ts"], concurrency: 2 },
  guest: { globs: ["test/guest/**/*.test.ts"], concurrency: 2 },
  libvirt: { globs: ["test/libvirt/**/*.test.ts"], concurrency: 2 },
  "virt-launcher": { globs: ["test/virt-launcher/**/*.test.ts"], concurrency: 1 },
  bed: {
    alone: "test/bed/@(ends|nodes-demo).test.ts",
    globs: ["test/bed/!(ends|nodes-demo).test.ts"],
    concurrency: 2,
  },
  e2e: {
    alone: "test/e2e/@(control-plane|demo|demo-node).test.ts",
    globs: ["test/e2e/!(control-plane|demo|demo-node).test.ts", "test/runtimes/multus/**/*.test.ts"],
    concurrency: 2,
  },
};

export const suiteNames = Object.keys(testSuites);

/** Node's test runner over one suite: its command lines, one after the other. */
export function suiteArgvs(name) {
  const { alone, globs, concurrency } = testSuites[name];
  const together = testArgv(globs, concurrency);
  return alone === undefined ? [together] : [testArgv([alone], 1), together];
}

function testArgv(globs, concurrency) {
  return [
    node26,
    "--test",
    `--test-concurrency=${concurrency}`,
    "--test-timeout=600000",
    "--test-reporter=spec",
    "--disable-warning=ExperimentalWarning",
    ...globs,
  ];
}

/**
 * Runs steps in order until one fails. A step is a name and a function that throws, or gives an exit status other than
 * 0, when it fails.
 */
export async function runSteps(steps, { now = Date.now, say = console.log } = {}) {
  const rows = [];
  let failure;
  for (const { name, run } of steps) {
    if (failure !== undefined) {
      rows.push({ name, duration: "", result: "not run" });
      continue;
    }
    say(`\n=== ${name}`);
    const started = now();
    try {
      const status = await run();
      if (status !== undefined && status !== 0) failure = { status };
    } catch (error) {
      failure = { status: 1, error };
    }
    rows.push({ name, duration: renderDuration(now() - started), result: failure === undefined ? "ok" : "failed" });
  }
  if (failure?.error !== undefined) say(`\n${failure.error.message}`);
  say(`\n${renderStepTable(rows)}`);
  return failure?.status ?? 0;
}

/** One line a step: name, time, result. */
function renderStepTable(rows) {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length), 4);
  const timeWidth = Math.max(...rows.map(({ duration }) => duration.length), 4);
  const line = (name, duration, result) => `${name.padEnd(nameWidth)}  ${duration.padStart(timeWidth)}  ${result}`;
  return [line("step", "time", "result"), ...rows.map((row) => line(row.name, row.duration, row.result))].join("\n");
}

/** Runs a suite with a temporary directory of its own; whatever it leaves on the machine fails it. */
export async function runSuite(name, { root, env }) {
  const temporaryDirectory = mkdtempSync(join(tmpdir(), "mqtap-"));
  const before = takeSnapshot(temporaryDirectory);
  try {
    // npm would keep a cache of compiled code there
    const suiteEnv = { ...env, TMPDIR: temporaryDirectory, NODE_DISABLE_COMPILE_CACHE: "1" };
    let status = 0;
    for (const argv of suiteArgvs(name)) status ||= await runForeground(argv, { cwd: root, env: suiteEnv });
    const leftovers = findLeftovers(before, takeSnapshot(temporaryDirectory));
    for (const what of leftovers) console.error(`mqtap: the ${name} tests left a ${what}`);
    return status === 0 && leftovers.length > 0 ? 1 : status;
  } finally {
    rmSync(temporaryDirectory, { recursive: true, force: true });
  }
}
