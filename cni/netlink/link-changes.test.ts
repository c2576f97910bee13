import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errnoNumber } from "../sys/errno.ts";
import { koffiSyscalls } from "../sys/koffi.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { LinkChanges } from "./link-changes.ts";

const POLLIN = 1;

/** A socket whose polls and receives answer as written down; an errno is thrown. */
function scripted(polls: readonly (number | string)[], receives: readonly (number | string)[] = []) {
  const left = { poll: [...polls], recv: [...receives] };
  const groups: (number | undefined)[] = [];
  const closed: number[] = [];
  const next = (syscall: "poll" | "recv"): number => {
    const answer = left[syscall].shift() ?? assert.fail(`asked for more of ${syscall}`);
    if (typeof answer === "number") return answer;
    throw new SyscallError({ syscall, errno: errnoNumber(answer), code: answer, args: "" });
  };
  const changes = new LinkChanges({
    ...koffiSyscalls(),
    socket: () => 77,
    bindNetlink: (_fd, joined) => void groups.push(joined),
    close: (fd) => void closed.push(fd),
    poll: () => next("poll"),
    receive: () => next("recv"),
  });
  return { changes, left, groups, closed };
}

describe("LinkChanges", () => {
  it("joins the group of links and takes everything that waits", () => {
    const { changes, left, groups } = scripted([POLLIN, POLLIN, POLLIN, 0], [16, 16]);
    assert.equal(changes.wait(1000), true);
    assert.deepEqual([left, groups], [{ poll: [], recv: [] }, [1]]);
  });

  it("is false when the time is up", () => {
    assert.equal(scripted([0]).changes.wait(1000), false);
  });

  it("counts lost notifications as a change", () => {
    assert.equal(scripted([POLLIN, POLLIN, 0], ["ENOBUFS"]).changes.wait(1000), true);
  });

  it("counts an interruption as a change", () => {
    assert.equal(scripted(["EINTR", 0]).changes.wait(1000), true);
  });

  it("takes no more than it must, so that somebody looks", () => {
    const { changes, left } = scripted(Array(300).fill(POLLIN), Array(300).fill(16));
    assert.equal(changes.wait(1000), true);
    assert.equal(left.recv.length, 300 - 256);
  });

  it("throws what else the kernel says", () => {
    assert.throws(() => scripted([POLLIN, POLLIN], ["EBADF"]).changes.wait(1000), { code: "EBADF" });
  });

  it("is closed once, and of no use then", () => {
    const { changes, closed } = scripted([]);
    changes[Symbol.dispose]();
    changes[Symbol.dispose]();
    assert.deepEqual(closed, [77]);
    assert.throws(() => changes.wait(0), /disposal/);
  });
});
