import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { koffiSyscalls } from "../sys/koffi.ts";
import type { Syscalls } from "../sys/syscalls.ts";
import { defaultPolicy, permissivePolicy, policyPath } from "./policy.ts";
import { readPolicy, readPolicyOrDefault } from "./read-policy.ts";

const log = (): void => undefined;

describe("readPolicy()", () => {
  let root: string;
  let sys: Syscalls;
  let openFiles: number;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "mqtap-policy-"));
    const real = koffiSyscalls();
    openFiles = 0;
    sys = {
      ...real,
      open: (path, ...more) => {
        const fd = real.open(join(root, path), ...more);
        openFiles += 1;
        return fd;
      },
      openIfThere: (path, flags) => {
        const fd = real.openIfThere(join(root, path), flags);
        if (fd !== undefined) openFiles += 1;
        return fd;
      },
      close: (fd) => {
        openFiles -= 1;
        real.close(fd);
      },
    };
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
    assert.equal(openFiles, 0);
  });

  const path = (): string => join(root, policyPath);
  const put = (content: string): void => {
    mkdirSync(join(root, "/etc/cni/mqtap"), { recursive: true });
    writeFileSync(path(), content);
  };
  const replaceBy = (make: () => void): void => {
    put("");
    rmSync(path());
    make();
  };

  test("leaves the node open where there is no file, no directory, or a file in the directory's place", () => {
    assert.equal(readPolicy({ sys, log }), permissivePolicy);
    mkdirSync(join(root, "/etc/cni"), { recursive: true });
    assert.equal(readPolicy({ sys, log }), permissivePolicy);
    writeFileSync(join(root, "/etc/cni/mqtap"), "");
    assert.equal(readPolicy({ sys, log }), permissivePolicy);
  });

  test("reads the file, and through a link", () => {
    put('{"owners":[5]}');
    assert.deepEqual(readPolicy({ sys, log }), { ...defaultPolicy, owners: [5] });
    replaceBy(() => {
      writeFileSync(join(root, "real.json"), '{"owners":[6]}');
      symlinkSync("../../../real.json", path());
    });
    assert.deepEqual(readPolicy({ sys, log }).owners, [6]);
  });

  const faults: Record<string, { make: () => void; why: string }> = {
    "a directory": { make: () => mkdirSync(path()), why: "it is no regular file: make it one, or remove it" },
    "a pipe that nobody writes": {
      make: () => void execFileSync("mkfifo", [path()]),
      why: "it is no regular file: make it one, or remove it",
    },
    "a device": {
      make: () => symlinkSync("/dev/zero", path()),
      why: "it is no regular file: make it one, or remove it",
    },
    "a link to itself": {
      make: () => symlinkSync("policy.json", path()),
      why: "open: ELOOP: make it a file that root can read, or remove it",
    },
    "a link to nothing": {
      make: () => symlinkSync("nowhere", path()),
      why: "it is a link to nothing: make it a file that root can read, or remove it",
    },
    "a link through a file": {
      make: () => symlinkSync("/proc/self/stat/x", path()),
      why: "open: ENOTDIR: make it a file that root can read, or remove it",
    },
    "64 kB and a byte": {
      make: () => writeFileSync(path(), `{}${" ".repeat(65_535)}`),
      why: "it has 65537 bytes: keep it within 65536",
    },
  };
  for (const [what, { make, why }] of Object.entries(faults)) {
    test(`refuses ${what}, and DEL and GC go on with the defaults`, () => {
      replaceBy(make);
      const message = `cannot use ${policyPath}: ${why}`;
      assert.throws(() => readPolicy({ sys, log }), { name: "CniError", code: 108, message });
      const logged: string[] = [];
      const policy = readPolicyOrDefault({ sys, log: (level, text) => void logged.push(`${level}: ${text}`) });
      assert.equal(policy, defaultPolicy);
      assert.deepEqual(logged, [`warn: ${message}; its defaults are used`]);
    });
  }

  test("takes 64 kB", () => {
    put(`{}${" ".repeat(65_534)}`);
    assert.deepEqual(readPolicy({ sys, log }), defaultPolicy);
  });

  for (const code of ["EMFILE", "ENFILE", "ENOMEM", "EINTR"]) {
    test(`lets ${code} through, since it passes`, () => {
      const fake = new FakeSyscalls();
      fake.files.set(policyPath, { fails: code });
      assert.throws(() => readPolicy({ sys: fake, log }), { name: "SyscallError", code });
      assert.throws(() => readPolicyOrDefault({ sys: fake, log }), { name: "SyscallError", code });
    });
  }

  for (const code of ["EACCES", "EIO", "EPERM"]) {
    test(`does not take ${code} for an absent file`, () => {
      const fake = new FakeSyscalls();
      fake.files.set(policyPath, { fails: code });
      assert.throws(() => readPolicy({ sys: fake, log }), {
        code: 108,
        message: `cannot use ${policyPath}: open: ${code}: make it a file that root can read, or remove it`,
      });
    });
  }

  test("warns of keys that it does not know", () => {
    put('{"owner":[0]}');
    const logged: string[] = [];
    readPolicy({ sys, log: (level, text) => void logged.push(`${level}: ${text}`) });
    assert.match(logged.join("\n"), /^warn: ignoring "owner" in/);
  });
});
