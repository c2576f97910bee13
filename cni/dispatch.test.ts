import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { FakeNode, netns, prevResult } from "../test/fakes/fake-node.ts";
import { dispatch } from "./dispatch.ts";
import type { Variables } from "./environment.ts";
import { SyscallError } from "./sys/syscalls.ts";
import { verbs } from "./verbs.ts";

describe("dispatch()", () => {
  test("does not read stdin for VERSION, nor before the environment is right", () => {
    const { kernel, sys } = new FakeNode();
    const readStdin = () => assert.fail("stdin was read");
    const run = (variables: Variables) => dispatch({ verbs, variables, readStdin, kernel, sys, log: () => undefined });
    assert.equal(run({ CNI_COMMAND: "VERSION" }).exitStatus, 0);
    assert.equal(run({ CNI_COMMAND: "ADD" }).exitStatus, 1);
    assert.equal(run({}).exitStatus, 0);
  });

  test("gives code 5 when stdin cannot be read", () => {
    const { kernel, sys } = new FakeNode();
    const readStdin = () => {
      throw new SyscallError({ syscall: "read", errno: 5, code: "EIO", args: "" });
    };
    const variables = { CNI_COMMAND: "STATUS", CNI_PATH: "/x" };
    const { stdout, exitStatus } = dispatch({ verbs, variables, readStdin, kernel, sys, log: () => undefined });
    assert.deepEqual([JSON.parse(stdout).code, exitStatus], [5, 1]);
  });

  test("gives code 999 for a defect, with the stack in the log", () => {
    const node = new FakeNode();
    node.kernel.hasTunDevice = () => {
      throw new TypeError("x is not a function");
    };
    assert.deepEqual(node.fail("STATUS"), [999, "TypeError: x is not a function"]);
    assert.match(node.logged.join(), /error: TypeError/);
  });

  test("tells of every failure once: of a defect to the log, of all else to the record", () => {
    const { kernel, sys } = new FakeNode();
    const told: string[] = [];
    const run = (command: string, readStdin: () => string) =>
      dispatch({
        verbs,
        variables: { CNI_COMMAND: command, CNI_PATH: "/x" },
        readStdin,
        kernel,
        sys,
        log: (level, _message, more) => void told.push(`log ${level} ${more?.["code"]}`),
        recordFailure: ({ code }) => void told.push(`record ${code}`),
      });
    run("STATUS", () => "{");
    run("ADD", () => "{}");
    run("STATUS", () => {
      throw new TypeError("x is not a function");
    });
    run("STATUS", () => '{"cniVersion":"1.1.0","name":"net"}');
    assert.deepEqual(told, ["record 6", "record 4", "log error 999"]);
  });

  test("speaks the newest version in errors that come before the version is known, and then the configuration's", () => {
    const node = new FakeNode();
    assert.equal(JSON.parse(node.call("ADD", "{").stdout).cniVersion, "1.1.0");
    assert.equal(JSON.parse(node.call("ADD", { cniVersion: "0.3.1", queues: 0 }).stdout).cniVersion, "0.3.1");
  });

  test("whatever comes in, one document or nothing goes out, and only a whole tap or none is left", () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("vm", "main", "companion", true, 4, 1400, "02:00:00:00:00:01", prevResult),
    );
    const keys = fc.constantFrom(
      "queues",
      "multiQueue",
      "mtu",
      "mac",
      "owner",
      "sizing",
      "mode",
      "prevResult",
      "args",
      "dns",
      "cniVersion",
      "cni.dev/valid-attachments",
    );
    const conf = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(keys, value).map((fields) => ({ ...fields })),
    );
    const variable = fc.constantFrom("CNI_COMMAND", "CNI_IFNAME", "CNI_CONTAINERID", "CNI_ARGS", "CNI_NETNS");
    const variables = fc.dictionary(variable, fc.oneof(fc.string(), fc.constantFrom("eth0", "", netns, "c1")), {
      maxKeys: 1,
    });
    const command = fc.constantFrom("ADD", "CHECK", "DEL", "GC", "STATUS");
    fc.assert(
      fc.property(command, conf, variables, (verb, input, change) => {
        const node = new FakeNode();
        node.sys.connections = [{ kind: "refused", code: "EACCES" }];
        const { stdout, exitStatus } = node.call(verb, input, change);
        if (stdout !== "") assert.equal(typeof JSON.parse(stdout), "object");
        if (exitStatus === 1) assert.notEqual(JSON.parse(stdout).code, 999, stdout);
        for (const { tap } of node.pod.list()) assert.ok(tap === undefined || tap.isPersistent);
      }),
      { numRuns: 1000 },
    );
  });
});
