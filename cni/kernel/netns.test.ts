import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { koffiSyscalls } from "../sys/koffi.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { NamespaceStuckError, ThreadNamespaces } from "./netns.ts";

const own = 50;
const other = 60;

/** Counts where the thread is; `failures` are the calls of setns that fail, from 1. */
function scripted(failures: readonly number[] = []): {
  readonly syscalls: Syscalls;
  at: () => number;
  closed: number[];
} {
  let at = own;
  let calls = 0;
  const closed: number[] = [];
  const syscalls: Syscalls = {
    ...koffiSyscalls(),
    open: () => own,
    close: (fd) => void closed.push(fd),
    setns: (fd) => {
      calls += 1;
      if (failures.includes(calls)) throw new SyscallError({ syscall: "setns", errno: 1, code: "EPERM", args: "" });
      at = fd;
    },
  };
  return { syscalls, at: () => at, closed };
}

describe("ThreadNamespaces.run()", () => {
  it("works inside, comes back and gives the result", () => {
    const { syscalls, at, closed } = scripted();
    assert.equal(
      new ThreadNamespaces(syscalls).run(other, () => at()),
      other,
    );
    assert.equal(at(), own);
    assert.deepEqual(closed, [own]);
  });

  it("comes back when the work fails", () => {
    const { syscalls, at } = scripted();
    const failing = (): number => {
      throw new RangeError("inside");
    };
    assert.throws(() => new ThreadNamespaces(syscalls).run(other, failing), /inside/);
    assert.equal(at(), own);
  });

  it("stays where it is when it cannot enter", () => {
    const { syscalls, at, closed } = scripted([1]);
    assert.throws(() => new ThreadNamespaces(syscalls).run(other, () => assert.fail("went on")), SyscallError);
    assert.equal(at(), own);
    assert.deepEqual(closed, [own]);
  });

  it("refuses everything once it could not come back", () => {
    const { syscalls } = scripted([2]);
    const thread = new ThreadNamespaces(syscalls);
    assert.throws(() => thread.run(other, () => 1), NamespaceStuckError);
    assert.throws(() => thread.run(other, () => assert.fail("went on")), NamespaceStuckError);
  });

  it("refuses a promise, which would go on elsewhere", () => {
    const { syscalls, at } = scripted();
    const lateWork = (): unknown => Promise.resolve();
    assert.throws(() => new ThreadNamespaces(syscalls).run(other, lateWork), TypeError);
    assert.equal(at(), own);
    // @ts-expect-error: the types refuse it too
    assert.throws(() => new ThreadNamespaces(syscalls).run(other, async () => 1), TypeError);
  });
});
