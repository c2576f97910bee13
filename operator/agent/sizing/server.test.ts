import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { formatSizingRequest, type SizingAnswer, type SizingRequest } from "../../../cni/sizing/protocol.ts";
import { sizingRequest } from "../../../test/agent/objects.ts";
import { type Clock, systemClock } from "../../kube/clock.ts";
import { createLog } from "../../kube/log.ts";
import { type SizingServerOptions, startSizingServer } from "./server.ts";

const log = createLog({ write: () => undefined, clock: systemClock });
const request = sizingRequest({ podUid: undefined });
const none: SizingAnswer = { kind: "none", why: "a test" };

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "mqtap-server-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

async function serve(t: TestContext, part: Partial<SizingServerOptions> = {}) {
  const runDir = join(directory(t), "run");
  const server = await startSizingServer({ runDir, answer: async () => none, clock: systemClock, log, ...part });
  t.after(() => server.close());
  return { ...server, runDir };
}

/** All that the server says until it ends. */
function listen(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => (text += chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

async function say(path: string, text: string | Buffer): Promise<{ kind?: string; why?: string; code?: number }> {
  const socket = connect(path);
  const said = listen(socket);
  socket.write(text);
  return JSON.parse(await said);
}

/** A clock whose timers fire when told. */
function manualClock(): Clock & { fire(): void } {
  const timers = new Set<() => void>();
  return {
    now: () => new Date(0),
    monotonicMs: () => 0,
    after: (_delay, callback) => {
      timers.add(callback);
      return { cancel: () => void timers.delete(callback) };
    },
    fire: () => {
      for (const timer of timers) timer();
    },
  };
}

test("the sizing socket answers one line with one line, to root alone", async (t) => {
  const asked: SizingRequest[] = [];
  const { path, runDir } = await serve(t, {
    answer: async (got) => {
      asked.push(got);
      return none;
    },
  });
  assert.deepEqual(await say(path, formatSizingRequest(request)), { version: 1, ...none });
  assert.deepEqual(asked, [request]);
  assert.equal(statSync(runDir).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("the sizing socket takes a request in pieces", async (t) => {
  const { path } = await serve(t);
  const socket = connect(path);
  const said = listen(socket);
  const line = formatSizingRequest(request);
  await new Promise<void>((resolve) => socket.write(line.slice(0, 10), () => resolve()));
  socket.end(line.slice(10));
  assert.match(await said, /"kind":"none"/);
});

for (const [sentence, text] of Object.entries({
  "that is no JSON": "{\n",
  "of another version": '{"version":2}\n',
  "that is no request": "{}\n",
  "that is too long": Buffer.alloc(70_000, 0x20),
})) {
  test(`the sizing socket refuses a line ${sentence}`, async (t) => {
    const { path } = await serve(t);
    const answer = await say(path, text);
    assert.equal(answer.kind, "refused");
    assert.equal(answer.code, 116);
  });
}

test("the sizing socket says retry when an answer throws", async (t) => {
  const { path } = await serve(t, { answer: () => Promise.reject(new Error("broken")) });
  assert.deepEqual(await say(path, formatSizingRequest(request)), {
    version: 1,
    kind: "retry",
    why: "the agent failed: broken",
  });
});

test("the sizing socket says retry at its deadline, and aborts the work", async (t) => {
  const clock = manualClock();
  const begun = Promise.withResolvers<AbortSignal>();
  const { path } = await serve(t, {
    clock,
    answer: (_request, signal) => {
      begun.resolve(signal);
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  const said = say(path, formatSizingRequest(request));
  const signal = await begun.promise;
  clock.fire();
  assert.equal((await said).kind, "retry");
  assert.equal(signal.aborted, true);
});

test("the sizing socket ends a connection that never asks", async (t) => {
  const clock = manualClock();
  const { path } = await serve(t, { clock });
  const idle = connect(path);
  const said = listen(idle);
  idle.write("{");
  // Another connection's answer shows that the first one has been accepted.
  await say(path, formatSizingRequest(request));
  clock.fire();
  assert.equal(await said, "");
});

test("the sizing socket says retry beyond its connections", async (t) => {
  const release = Promise.withResolvers<SizingAnswer>();
  const begun = Promise.withResolvers<void>();
  const { path } = await serve(t, {
    maxConnections: 1,
    answer: () => {
      begun.resolve();
      return release.promise;
    },
  });
  const first = say(path, formatSizingRequest(request));
  await begun.promise;
  assert.equal((await say(path, formatSizingRequest(request))).kind, "retry");
  release.resolve(none);
  assert.equal((await first).kind, "none");
});

test("the sizing socket replaces a leftover and refuses to take a living agent's place", async (t) => {
  const { path, runDir } = await serve(t);
  await assert.rejects(
    startSizingServer({ runDir, answer: async () => none, clock: systemClock, log }),
    /another agent/,
  );
  assert.equal((await say(path, formatSizingRequest(request))).kind, "none");
  const other = join(directory(t), "run");
  const before = await startSizingServer({ runDir: other, answer: async () => none, clock: systemClock, log });
  await before.close();
  assert.equal(existsSync(before.path), false);
  writeFileSync(before.path, "");
  const after = await startSizingServer({ runDir: other, answer: async () => none, clock: systemClock, log });
  assert.equal((await say(after.path, formatSizingRequest(request))).kind, "none");
  await after.close();
});
