import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import type { Variables } from "./environment.ts";
import { type LogEvent, mostLineBytes, recordEvent } from "./log-event.ts";
import { koffiSyscalls } from "./sys/koffi.ts";

const variables: Variables = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "c1",
  CNI_IFNAME: "eth0",
  CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_UID=u",
};

describe("recordEvent()", () => {
  const sys = { ...koffiSyscalls(), realtimeMs: () => Date.parse("2026-11-22T12:34:56.789Z") };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mqtap-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The bytes of the file after this one event. */
  function written(from: Variables, event: LogEvent): Buffer {
    const path = join(folder, "log");
    rmSync(path, { force: true });
    recordEvent({ sys, variables: from, path }, event);
    return readFileSync(path);
  }

  test("tells when, who, which call and what", () => {
    const line = written(variables, { level: "warn", message: "something", more: { code: 7, path: "/x" } }).toString();
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(JSON.parse(line), {
      time: "2026-11-22T12:34:56.789Z",
      pid: process.pid,
      verb: "ADD",
      level: "warn",
      msg: "something",
      code: 7,
      path: "/x",
      container: "c1",
      ifName: "eth0",
      pod: "default/web",
    });
  });

  const pods: Record<string, { args: string | undefined; pod: string | undefined }> = {
    "no arguments": { args: undefined, pod: undefined },
    "malformed ones": { args: "K8S_POD_NAME;=;;x", pod: undefined },
    "a name alone": { args: "K8S_POD_NAME=web", pod: "/web" },
    "another key that ends alike": { args: "XK8S_POD_NAME=web", pod: undefined },
  };
  for (const [what, { args, pod }] of Object.entries(pods)) {
    test(`takes the pod from CNI_ARGS with ${what}`, () => {
      const line = written({ ...variables, CNI_ARGS: args }, { level: "info", message: "x" }).toString();
      assert.equal(JSON.parse(line).pod, pod);
    });
  }

  test("does without what is not known", () => {
    const line = written({}, { level: "info", message: "x" }).toString();
    assert.deepEqual(Object.keys(JSON.parse(line)), ["time", "pid", "level", "msg"]);
    const blind = { ...sys, open: (path: string, ...more: [number, number?]) => sys.open(`${path}x`, ...more) };
    recordEvent({ sys: blind, variables: {}, path: join(folder, "no-proc-") }, { level: "info", message: "x" });
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(folder, "no-proc-x"), "utf8"))), [
      "time",
      "level",
      "msg",
    ]);
  });

  test("writes one JSON object of at most 4 kB on one line, whatever it is told", () => {
    const unit = fc.constantFrom("binary" as const, "grapheme" as const);
    const text = unit.chain((each) => fc.string({ unit: each, maxLength: 5000, size: "max" }));
    const event = fc.record({
      level: fc.constantFrom("info", "warn", "error"),
      message: text,
      more: fc.option(fc.dictionary(fc.constantFrom("details", "stack", "code"), fc.oneof(text, fc.jsonValue())), {
        nil: undefined,
      }),
    });
    const from = fc.record({ CNI_COMMAND: text, CNI_CONTAINERID: text, CNI_IFNAME: text, CNI_ARGS: text });
    fc.assert(
      fc.property(from, event, (each, { level, message, more }) => {
        const bytes = written(each, { level, message, ...(more !== undefined && { more }) });
        assert.ok(bytes.length <= mostLineBytes);
        assert.equal(bytes.indexOf(10), bytes.length - 1);
        const { msg } = JSON.parse(bytes.toString());
        assert.ok(message.startsWith(msg.replace(/…$/u, "")) || !message.isWellFormed());
      }),
      { numRuns: 300 },
    );
  });
});
