// The binary's own host: the suites on its adapter, and what it does when the program or the host itself fails.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { buildBinary } from "../../cni/host/build.mjs";
import { addressingCases } from "./addressing.ts";
import { makeSyscallsBed, Namespaces, type SyscallsBed } from "./bed.ts";
import { kernelCases } from "./kernel.ts";
import { linkEditorCases } from "./link-editor.ts";
import { syscallsCases } from "./syscalls.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = `${root}/dist/mqtap-conformance`;

function run(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  // In a namespace of its own: a defect that misses the one of its case does not touch the machine's network.
  return spawnSync("unshare", ["--net", binary, ...args], { encoding: "utf8", maxBuffer: 1 << 24 });
}

/** What the program said of each case. */
function resultsOf(stdout: string): ReadonlyMap<string, string | undefined> {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const result: unknown = JSON.parse(line);
      assert.ok(typeof result === "object" && result !== null && "name" in result);
      return [String(result.name), "failure" in result ? String(result.failure) : undefined];
    }),
  );
}

before(() => buildBinary({ root, name: "mqtap-conformance" }));

const suites = { kernel: kernelCases, addressing: addressingCases, links: linkEditorCases, syscalls: syscallsCases };
for (const [task, cases] of Object.entries(suites)) {
  describe(`the native host: ${task}`, () => {
    const namespaces = new Namespaces();
    let bed: SyscallsBed;
    let results: ReadonlyMap<string, string | undefined>;

    before(async () => {
      bed = await makeSyscallsBed();
      const paths: string[] = [];
      for (const _case of Object.keys(cases)) paths.push(await namespaces.add());
      const { status, stdout, stderr } = run(task, bed.directory, ...paths);
      assert.deepEqual([status, stderr], [0, ""]);
      results = resultsOf(stdout);
    });
    after(async () => {
      await bed.dispose();
      await namespaces[Symbol.asyncDispose]();
    });

    for (const name of Object.keys(cases)) {
      it(name, () => {
        assert.ok(results.has(name), "the case was run");
        assert.equal(results.get(name), undefined);
      });
    }
  });
}

describe("the native host, when something fails", () => {
  const failures: Record<string, { readonly task: string; readonly stderr: RegExp }> = {
    "an error nobody caught": {
      task: "throw",
      stderr: /^fatal: RangeError: thrown at the top\n\s+at .*mqtap-conformance\.js:\d+:\d+/,
    },
    "a value that is no error": { task: "throw-text", stderr: /^fatal: only a text/ },
    "more than 16 MB of memory": { task: "memory", stderr: /^fatal: InternalError: out of memory/ },
    "recursion without end": { task: "stack", stderr: /^fatal: RangeError: Maximum call stack size exceeded/ },
    "a rejection that nobody handled": {
      task: "lost-rejection",
      stderr: /^fatal: a promise was rejected.*: TypeError: nobody waits/,
    },
    "such a rejection at exit": {
      task: "lost-rejection-at-exit",
      stderr: /^fatal: a promise was rejected.*: TypeError: nobody waits/,
    },
    "an error in another program": {
      task: "failing-program",
      stderr: /^fatal: RangeError: this program fails\n\s+at .*mqtap-failing\.js:\d+:\d+/,
    },
    "a program that is not there": { task: "unknown-program", stderr: /^fatal: RangeError: no such program/ },
    "a panic of the host": { task: "panic", stderr: /^fatal: panic in the host: .*\nasked for by a test/ },
    "code made at run time": { task: "eval", stderr: /^fatal: \w*Error/ },
  };
  for (const [title, { task, stderr }] of Object.entries(failures)) {
    it(`gives one CNI error document, its cause on stderr and status 70: ${title}`, () => {
      const result = run(task);
      assert.match(result.stderr, stderr);
      assert.deepEqual(JSON.parse(result.stdout), {
        cniVersion: "1.1.0",
        code: 999,
        msg: "internal error of mqtap",
        details: "see stderr",
      });
      assert.equal(result.status, 70);
    });
  }

  it("adds no second document to one that was already written", () => {
    const { status, stdout, stderr } = run("throw-after-output");
    assert.deepEqual([status, stdout], [70, '{"first":"document"}\n']);
    assert.match(stderr, /^fatal: Error: too late/);
  });

  it("ends well when a rejection was handled, and with the status asked for", () => {
    assert.deepEqual(Object.values(run("handled-rejection")).includes("well\n"), true);
    assert.equal(run("handled-rejection").status, 0);
    assert.equal(run("exit").status, 3);
  });

  it("never gives a standard descriptor's number to a file, even when the caller closed them", () => {
    for (const closed of ["", "0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"]) {
      const { status } = spawnSync("sh", ["-c", `exec "$0" open-file ${closed}`, binary], { stdio: "ignore" });
      assert.equal(status, 3, `with "${closed}"`);
    }
  });

  it("fails with EPIPE, not by a signal, when the caller has gone", async () => {
    const child = spawn(binary, ["fill-stdout"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const stderr: string[] = [];
    child.stderr.on("data", (chunk) => stderr.push(String(chunk)));
    const [status, signal] = await once(child, "close");
    assert.deepEqual([status, signal], [70, null]);
    assert.match(stderr.join(""), /^fatal: SyscallError: cannot write: EPIPE/);
  });
});

describe("a program that the native host runs", () => {
  it("lives on when the host dies, and ends by itself", async () => {
    const directory = mkdtempSync(join(tmpdir(), "mqtap-orphan-"));
    const path = join(directory, "fifo");
    execFileSync("mkfifo", [path]);
    // Open both ways, so that it keeps the word until somebody reads it.
    const fifo = await open(path, "r+");
    const script = `echo begun >&2; read -r word <${path}; echo "$word" >&2`;
    const child = spawn(binary, ["execute-in-shell", script], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (data) => {
      said += String(data);
      if (said === "begun\n") child.kill("SIGKILL");
    });
    child.once("exit", () => void fifo.write("ended by itself\n"));
    // Not before the program, too, has closed its stderr.
    const [status, signal] = await once(child, "close");
    assert.deepEqual([status, signal, said], [null, "SIGKILL", "begun\nended by itself\n"]);
    await fifo.close();
    rmSync(directory, { recursive: true });
  });

  it("has no descriptor that our caller left open", () => {
    const script = "n=3; while [ $n -lt 64 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n+1)); done; exit 5";
    const stdio = ["ignore", "pipe", "inherit", "pipe", "pipe"] as const;
    const { status, stdout } = spawnSync(binary, ["execute-in-shell", script], { encoding: "utf8", stdio: [...stdio] });
    assert.deepEqual([status, stdout], [5, ""]);
  });

  it("is waited for even when our caller ignores the death of children", () => {
    const script = 'trap "" CHLD; exec "$0" execute-in-shell "sleep 0.1; exit 5"';
    const { status, stderr } = spawnSync("sh", ["-c", script, binary], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [5, ""]);
  });

  it("gets no label through a file that is none of procfs", () => {
    const script = `mount -t tmpfs none /proc && mkdir -p /proc/thread-self/attr && : >/proc/thread-self/attr/exec && "$0" execute-labelled; cat /proc/thread-self/attr/exec`;
    const { stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", script, binary], { encoding: "utf8" });
    assert.match(stderr, /^fatal: SyscallError: cannot setexeccon "system_u:system_r:init_t:s0": EXDEV/);
    assert.equal(JSON.parse(stdout).code, 999);
  });
});

/** Alive, and no zombie that nobody reaped yet. */
