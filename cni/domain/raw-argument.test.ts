import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { rawArgument } from "./raw-argument.ts";

function processOf(commandLine: string | { fails: string }): FakeSyscalls {
  const sys = new FakeSyscalls();
  sys.files.set("/proc/self/cmdline", commandLine);
  return sys;
}

test("rawArgument() cuts one argument out of the command line", () => {
  const sys = processOf("hook\0--domain\0<ü/>\0\0");
  const read = (index: number) => new TextDecoder().decode(rawArgument(sys, index));
  assert.deepEqual([read(0), read(1), read(2), read(3)], ["hook", "--domain", "<ü/>", ""]);
  assert.equal(sys.openCount, 0);
});

test("rawArgument() knows nothing of an argument that is not there, or cannot be read", () => {
  assert.equal(rawArgument(processOf("hook\0--domain\0"), 2), undefined);
  assert.equal(rawArgument(processOf("hook\0--domain"), 1), undefined);
  assert.equal(rawArgument(processOf({ fails: "EACCES" }), 0), undefined);
  assert.equal(rawArgument(processOf(`hook\0${"x".repeat(2 << 20)}\0`), 0), undefined);
});
