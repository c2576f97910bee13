import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { LinuxKernel } from "./linux.ts";

const file = { dev: 5, ino: 1, size: 0 };

describe("hasTunDevice()", () => {
  const answers: Record<string, { readonly found: { mode: number } | { fails: string }; readonly answer: boolean }> = {
    "a character device is one": { found: { mode: 0o020666 }, answer: true },
    "a plain file is none": { found: { mode: 0o100644 }, answer: false },
    "a block device is none": { found: { mode: 0o060600 }, answer: false },
    "nothing there": { found: { fails: "ENOENT" }, answer: false },
    "a file in place of its folder": { found: { fails: "ENOTDIR" }, answer: false },
    "a device without driver": { found: { fails: "ENODEV" }, answer: false },
    "a device without unit": { found: { fails: "ENXIO" }, answer: false },
  };
  for (const [what, { found, answer }] of Object.entries(answers)) {
    test(`${what}: ${answer}`, () => {
      const sys = new FakeSyscalls();
      sys.statuses.set("/dev/net/tun", "mode" in found ? { ...file, ...found } : found);
      assert.equal(new LinuxKernel(sys).hasTunDevice(), answer);
    });
  }

  for (const code of ["EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ELOOP"]) {
    test(`does not take ${code} for an answer`, () => {
      const sys = new FakeSyscalls();
      sys.statuses.set("/dev/net/tun", { fails: code });
      assert.throws(() => new LinuxKernel(sys).hasTunDevice(), { name: "SyscallError", code });
    });
  }
});
