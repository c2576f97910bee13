import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatReport } from "../../cni/inspect/report.ts";
import { reportOf, tapOf } from "../../test/agent/taps.ts";
import { createInventory, InventoryError } from "./inventory.ts";
import { type ProgramCall, type ProgramResult, runProgram } from "./run-program.ts";

const { signal } = new AbortController();
const report = reportOf([tapOf({ attachedQueues: 4 })], [{ netns: "/run/netns/x", why: "EIO" }]);
const ended = (status: number, stdout: string, stderr = ""): ProgramResult => ({
  kind: "ended",
  status,
  stdout,
  stderr,
});

function take(result: ProgramResult) {
  const calls: ProgramCall[] = [];
  const run = async (call: ProgramCall) => {
    calls.push(call);
    return result;
  };
  return { calls, taken: createInventory({ pluginPath: "/opt/cni/bin/mqtap", run })(signal) };
}

describe("createInventory()", () => {
  test("asks the plugin for every tap and reads its report", async () => {
    const { calls, taken } = take(ended(0, formatReport(report)));
    assert.deepEqual(await taken, report);
    const [{ file, args } = { file: "", args: [] }] = calls;
    assert.equal([file, ...args].join(" "), "/opt/cni/bin/mqtap inspect --all --foreign -o json");
  });

  test("takes a report with failures for what it is", async () => {
    const { taken } = take(ended(1, formatReport(report), "mqtap: cannot look into …"));
    assert.deepEqual((await taken).failures, report.failures);
  });

  const refused: Record<string, { result: ProgramResult; says: RegExp; isAbsent?: boolean }> = {
    "that is not there": {
      result: { kind: "absent" },
      says: /install the plugin, or say --plugin/,
      isAbsent: true,
    },
    "that was killed": { result: { kind: "failed", why: "it did not end within 15 s" }, says: /within 15 s/ },
    "that prints nothing": {
      result: ended(1, "", "mqtap: run it as root\n"),
      says: /status 1 and said: mqtap: run it as root$/,
    },
    "that knows no such words": { result: ended(2, "{}", ""), says: /status 2 and said: nothing$/ },
    "that prints half a report": { result: ended(0, '{"version":1,'), says: /printed no report/ },
    "of another release": { result: ended(0, '{"version":2}'), says: /version is 2, not 1.*are both of one release\?/ },
  };
  for (const [sentence, { result, says, isAbsent = false }] of Object.entries(refused)) {
    test(`tells of a plugin ${sentence}`, async () => {
      const error = await take(result).taken.catch((thrown: unknown) => thrown);
      assert.ok(error instanceof InventoryError);
      assert.match(error.message, says);
      assert.equal(error.isAbsent, isAbsent);
    });
  }
});

describe("runProgram()", () => {
  const run = (script: string, part: Partial<ProgramCall> = {}) =>
    runProgram({ file: "/bin/sh", args: ["-c", script], timeoutMs: 60_000, mostBytes: 1_000, signal, ...part });

  test("gives status and both outputs, and hands on nothing of its own environment", async () => {
    assert.deepEqual(await run("echo out; echo err >&2; exit 3"), ended(3, "out\n", "err\n"));
    const { stdout = "" } = { stdout: "", ...(await run("env")) };
    assert.doesNotMatch(stdout, /^(HOME|NODE_OPTIONS)=/m);
  });

  test("says that a program is not there", async () => {
    assert.deepEqual(await run("", { file: "/nonexistent/mqtap" }), { kind: "absent" });
  });

  test("kills what takes too long, prints too much, or runs when the agent stops", async () => {
    assert.deepEqual(await run("exec sleep 600", { timeoutMs: 50 }), {
      kind: "failed",
      why: "it did not end within 0.05 s",
    });
    assert.deepEqual(await run("exec yes"), { kind: "failed", why: "it printed more than 1000 bytes" });
    const stop = new AbortController();
    const running = run("exec sleep 600", { signal: stop.signal });
    stop.abort();
    assert.deepEqual(await running, { kind: "failed", why: "the agent is stopping" });
    assert.deepEqual(await run("kill -9 $$"), { kind: "failed", why: "it was killed by SIGKILL" });
  });
});
