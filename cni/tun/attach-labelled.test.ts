import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { attachLabelled } from "./attach-labelled.ts";

const asked = { fd: 7, name: "tap0", flags: 0x9002, label: "u:r:t:s0" };

function sysEnding(status: number): FakeSyscalls {
  const sys = new FakeSyscalls();
  sys.programs.set("/proc/self/exe", () => ({ status, stdout: "" }));
  return sys;
}

test("attachLabelled() runs this binary with the label and the descriptor", () => {
  const sys = sysEnding(0);
  attachLabelled(sys, asked);
  assert.deepEqual(sys.executions, [
    {
      path: "/proc/self/exe",
      argv: ["mqtap-attach", "7", "36866", "tap0"],
      variables: {},
      stdin: "",
      inheritedFd: 7,
      selinuxLabel: "u:r:t:s0",
    },
  ]);
});

const endings: Record<string, { readonly status: number; readonly message: string }> = {
  "an existing name": { status: 16, message: 'cannot TUNSETIFF "tap0" with the label "u:r:t:s0": EBUSY' },
  "a label that may not": { status: 13, message: 'cannot TUNSETIFF "tap0" with the label "u:r:t:s0": EACCES' },
  "a defect": {
    status: 70,
    message: 'cannot TUNSETIFF "tap0" with the label "u:r:t:s0": EIO (mqtap-attach ended with status 70)',
  },
  "a kill": {
    status: 137,
    message: 'cannot TUNSETIFF "tap0" with the label "u:r:t:s0": EIO (mqtap-attach ended with status 137)',
  },
};
for (const [what, { status, message }] of Object.entries(endings)) {
  test(`attachLabelled() tells ${what} as an error of TUNSETIFF`, () => {
    const isRight = (error: unknown): boolean =>
      error instanceof SyscallError && error.syscall === "TUNSETIFF" && error.message === message;
    assert.throws(() => attachLabelled(sysEnding(status), asked), isRight);
  });
}
