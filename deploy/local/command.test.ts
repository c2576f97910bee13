import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CommandError, runCommand } from "./command.ts";

describe("runCommand()", () => {
  it("gives stdout, stderr and the status of a program that reads its stdin", async () => {
    const result = await runCommand(["sh", "-c", "cat; echo told >&2"], { stdin: "asked" });
    assert.deepEqual(result, { status: 0, stdout: "asked", stderr: "told\n" });
  });

  it("throws what a failing program said", async () => {
    await assert.rejects(runCommand(["sh", "-c", "echo no such thing >&2; exit 3"]), (error) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.result.status, 3);
      assert.match(error.message, /exit status 3: no such thing$/);
      return true;
    });
  });

  it("gives a failure back when it is allowed", async () => {
    assert.equal((await runCommand(["sh", "-c", "exit 3"], { allowFailure: true })).status, 3);
  });

  it("kills a program that does not end in time", async () => {
    await assert.rejects(runCommand(["cat", "/dev/zero"], { timeoutMs: 20, stdin: "" }), /no end after 20 ms/);
  });

  it("names a program that is not there", async () => {
    await assert.rejects(runCommand(["mqtap-no-such-program"]), /cannot start "mqtap-no-such-program"/);
  });
});
