import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { appendLine, mostFileBytes } from "./log-file.ts";
import { koffiSyscalls } from "./sys/koffi.ts";
import { SyscallError, type Syscalls } from "./sys/syscalls.ts";

const fullBytes = 768 << 10;
const line = new TextEncoder().encode("line\n");

describe("appendLine()", () => {
  const real = koffiSyscalls();
  let folder: string;
  let path: string;
  let open: Set<number>;
  let sys: Syscalls;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mqtap-log-"));
    path = join(folder, "mqtap.log");
    open = new Set();
    sys = {
      ...real,
      open: (...args) => {
        const fd = real.open(...args);
        open.add(fd);
        return fd;
      },
      close: (fd) => {
        open.delete(fd);
        real.close(fd);
      },
    };
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    assert.equal(open.size, 0);
  });
  const fill = (bytes: number): void => writeFileSync(path, "x".repeat(bytes), { mode: 0o600 });

  test("makes the file for root alone and adds to it", () => {
    appendLine(sys, path, line);
    appendLine(sys, path, line);
    assert.equal(readFileSync(path, "utf8"), "line\nline\n");
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test("sets a full file aside and keeps one older generation", () => {
    writeFileSync(`${path}.1`, "oldest");
    fill(fullBytes - 4);
    appendLine(sys, path, line);
    assert.equal(readFileSync(path, "utf8"), "line\n");
    assert.equal(statSync(`${path}.1`).size, fullBytes - 4);
    assert.equal(existsSync(`${path}.2`), false);
  });

  test("fills a file to its end first", () => {
    fill(fullBytes - 5);
    appendLine(sys, path, line);
    assert.equal(statSync(path).size, fullBytes);
    assert.equal(existsSync(`${path}.1`), false);
  });

  test("goes on in a full file while another call sets it aside, but never beyond the bound", () => {
    const busy = { ...sys, tryLock: () => false };
    fill(mostFileBytes - 5);
    appendLine(busy, path, line);
    assert.equal(statSync(path).size, mostFileBytes);
    appendLine(busy, path, line);
    assert.equal(statSync(path).size, mostFileBytes);
  });

  test("is not the second to set a file aside", () => {
    fill(fullBytes);
    const late: Syscalls = {
      ...sys,
      tryLock: (fd) => {
        if (!existsSync(`${path}.1`)) {
          renameSync(path, `${path}.1`);
          writeFileSync(path, "new\n");
        }
        return real.tryLock(fd);
      },
    };
    appendLine(late, path, line);
    assert.equal(readFileSync(path, "utf8"), "new\nline\n");
    assert.equal(statSync(`${path}.1`).size, fullBytes);
  });

  test("loses no line between the other's rename and the new file", () => {
    fill(fullBytes);
    const between: Syscalls = {
      ...sys,
      tryLock: (fd) => {
        if (existsSync(path)) renameSync(path, `${path}.1`);
        return real.tryLock(fd);
      },
    };
    appendLine(between, path, line);
    assert.equal(readFileSync(`${path}.1`, "utf8").endsWith("xline\n"), true);
  });

  const elsewhere: Record<string, { make: (target: string) => void; untouched: (target: string) => boolean }> = {
    "a link": {
      make: (target) => {
        writeFileSync(target, "mine");
        symlinkSync(target, path);
      },
      untouched: (target) => readFileSync(target, "utf8") === "mine",
    },
    "a link to nothing": { make: (target) => symlinkSync(target, path), untouched: (target) => !existsSync(target) },
    "a pipe that nobody reads": {
      make: () => void execFileSync("mkfifo", [path]),
      untouched: () => statSync(path).isFIFO(),
    },
    "a directory": { make: () => mkdirSync(path), untouched: () => statSync(path).isDirectory() },
  };
  for (const [what, { make, untouched }] of Object.entries(elsewhere)) {
    test(`writes nothing into ${what}`, () => {
      const target = join(folder, "target");
      make(target);
      appendLine(sys, path, line);
      assert.ok(untouched(target));
    });
  }

  test("writes nothing into a pipe that somebody reads", () => {
    execFileSync("mkfifo", [path]);
    const reader = real.open(path, 0o4000);
    appendLine(sys, path, line);
    assert.equal(real.read(reader, new Uint8Array(10)), 0);
    real.close(reader);
  });

  test("replaces a link that stands where the older generation goes, and leaves its target alone", () => {
    const target = join(folder, "target");
    writeFileSync(target, "mine");
    symlinkSync(target, `${path}.1`);
    fill(fullBytes);
    appendLine(sys, path, line);
    assert.equal(readFileSync(target, "utf8"), "mine");
    assert.equal(statSync(`${path}.1`).size, fullBytes);
  });

  test("goes on to the bound where the file cannot be set aside", () => {
    mkdirSync(`${path}.1`);
    appendFileSync(join(`${path}.1`, "x"), "");
    fill(mostFileBytes - 5);
    appendLine(sys, path, line);
    appendLine(sys, path, line);
    assert.equal(statSync(path).size, mostFileBytes);
  });

  test("is silent without a directory", () => {
    appendLine(sys, join(folder, "none/mqtap.log"), line);
    assert.equal(existsSync(join(folder, "none")), false);
  });

  for (const call of ["open", "fstat", "tryLock", "stat", "rename", "write"] as const) {
    test(`does not care when ${call} fails`, () => {
      fill(fullBytes);
      linkSync(path, join(folder, "full"));
      const fails = (): never => {
        throw new SyscallError({ syscall: call, errno: 5, code: "EIO", args: "" });
      };
      assert.doesNotThrow(() => appendLine({ ...sys, [call]: fails }, path, line));
      assert.ok(statSync(join(folder, "full")).size <= mostFileBytes);
    });
  }
});
