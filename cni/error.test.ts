import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { CniError, errorCodes, formatError, toCniError } from "./error.ts";
import { errorCatalogue, formatCatalogue } from "./error-catalogue.ts";
import { sizingRefusals } from "./sizing/protocol.ts";
import { SyscallError } from "./sys/syscalls.ts";

describe("errors", () => {
  test("every code stands in the catalogue once, and the catalogue has no other", () => {
    const catalogued = errorCatalogue.map(({ code }) => code);
    assert.deepEqual(
      catalogued,
      [...Object.values(errorCodes)].sort((a, b) => a - b),
    );
  });

  test("the README shows the catalogue word for word", () => {
    const readme = readFileSync(new URL("./README.md", import.meta.url), "utf8");
    assert.ok(readme.includes(formatCatalogue()), `the README's table should be:\n${formatCatalogue()}`);
  });

  test("the agent's refusals have the same codes here", () => {
    for (const [name, code] of Object.entries(sizingRefusals)) {
      assert.equal((errorCodes as Record<string, number>)[name], code);
    }
  });

  test("own codes leave the specification's range alone", () => {
    for (const { code } of errorCatalogue) assert.ok([1, 2, 4, 5, 6, 7, 8, 11, 50].includes(code) || code >= 100);
  });

  test("formatError() writes one line with cniVersion, code, msg and, where given, details", () => {
    const error = new CniError(7, "a", { details: "b" });
    assert.equal(formatError(error, "1.0.0"), '{"cniVersion":"1.0.0","code":7,"msg":"a","details":"b"}\n');
    assert.equal(formatError(new CniError(7, "a"), "1.0.0"), '{"cniVersion":"1.0.0","code":7,"msg":"a"}\n');
  });

  test("formatError() cuts what would drown a log", () => {
    const long = formatError(new CniError(7, "m".repeat(50_000), { details: "d".repeat(50_000) }), "1.1.0");
    assert.ok(long.length < 2100);
    assert.ok(JSON.parse(long).msg.endsWith("m…"));
  });

  const failure = (code: string, errno: number) =>
    new SyscallError({ syscall: "ioctl", errno, code, args: "TUNSETIFF" });
  const cases: Record<string, { thrown: unknown; code: number; text: RegExp }> = {
    "a CniError stays itself": { thrown: new CniError(100, "x"), code: 100, text: /^x$/ },
    "a shortage is for later": { thrown: failure("ENOMEM", 12), code: 11, text: /cannot ioctl TUNSETIFF: ENOMEM/ },
    "too many open files is for later": { thrown: failure("EMFILE", 24), code: 11, text: /EMFILE/ },
    "a refusal of the kernel is one": { thrown: failure("EPERM", 1), code: 102, text: /EPERM/ },
    "a thread that cannot go back is the kernel's doing": {
      thrown: new Error("cannot return", { cause: failure("ENOMEM", 12) }),
      code: 11,
      text: /^cannot return: cannot ioctl TUNSETIFF: ENOMEM$/,
    },
    "a defect is internal": { thrown: new TypeError("x is undefined"), code: 999, text: /^TypeError: x is undefined$/ },
    "a thrown text is internal": { thrown: "boom", code: 999, text: /^boom$/ },
  };
  for (const [what, { thrown, code, text }] of Object.entries(cases)) {
    test(`toCniError(): ${what}`, () => {
      const error = toCniError(thrown);
      assert.equal(error.code, code);
      assert.match(error.message, text);
    });
  }
});
