// What every Syscalls adapter does with other programs, and with files that two processes share.

import { SyscallError } from "../../cni/sys/syscalls.ts";
import { type Cases, failsWith, isEqual, isTrue, thrownBy } from "./expect.ts";
import { readText, type SyscallsWorld, within } from "./syscalls-world.ts";

const O_RDWR_CREAT = 0o102;
const O_WRONLY_CREAT_TRUNC = 0o1101;
const megabyte = "0123456789abcdef".repeat(65_536);

interface Wish {
  readonly stdin?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly inheritedFd?: number;
  readonly selinuxLabel?: string;
}

/** Runs a line of sh; `$1` is the world's directory. */
function shell({ syscalls, directory }: SyscallsWorld, script: string, wish: Wish = {}) {
  const argv = ["sh", "-c", script, "sh", directory];
  return syscalls.execute({ path: "/bin/sh", argv, variables: {}, stdin: "", ...wish });
}

function run({ syscalls }: SyscallsWorld, path: string): unknown {
  return syscalls.execute({ path, argv: [path], variables: {}, stdin: "" });
}

function exists({ syscalls, directory }: SyscallsWorld, name: string): boolean {
  const fd = syscalls.openIfThere(`${directory}/${name}`, 0);
  if (fd !== undefined) syscalls.close(fd);
  return fd !== undefined;
}

function put({ syscalls, directory }: SyscallsWorld, name: string, content: string): void {
  within(syscalls, syscalls.open(`${directory}/${name}`, O_WRONLY_CREAT_TRUNC, 0o600), (fd) =>
    syscalls.write(fd, content),
  );
}

/** Processes that this thread started and nobody waited for yet. */
function children({ syscalls }: SyscallsWorld): string {
  return within(syscalls, syscalls.open("/proc/thread-self/children", 0), (fd) => syscalls.readToEnd(fd));
}

const executions: Cases<SyscallsWorld> = {
  "execute() gives a program its stdin and returns status and stdout": (world) => {
    isEqual(shell(world, "cat; exit 3", { stdin: "grün 🌳\n" }), { status: 3, stdout: "grün 🌳\n" });
    isEqual(shell(world, "exit 0"), { status: 0, stdout: "" });
    isEqual(shell(world, 'cat "$1/bytes"'), { status: 0, stdout: "a\ufffd\ufffd(\ufffd\ufffd\ufffdb" });
  },
  "execute() tells a signal as 128 and its number, SIGPIPE included": (world) => {
    isEqual(shell(world, "kill -KILL $$").status, 137);
    isEqual(shell(world, "kill -PIPE $$").status, 141);
  },
  "execute() does not wait for a program that never reads its stdin": ({ syscalls }) => {
    const argv = ["true"];
    isEqual(syscalls.execute({ path: "/bin/true", argv, variables: {}, stdin: megabyte }), { status: 0, stdout: "" });
  },
  "execute() carries a megabyte each way, also to a program that writes before it reads": (world) => {
    isTrue(shell(world, "exec cat", { stdin: megabyte }).stdout === megabyte, "what cat was given");
    const { stdout } = shell(world, "head -c 1000000 /dev/zero | tr '\\0' x; exec cat", { stdin: megabyte });
    isTrue(stdout === "x".repeat(1_000_000) + megabyte, "both megabytes");
  },
  "execute() writes all of stdin to a program that has closed its stdout": (world) => {
    shell(world, 'exec >&-; wc -c >"$1/out"', { stdin: megabyte });
    isEqual(readText(world, "out").trim(), String(megabyte.length));
  },
  "execute() ends a program that writes more than 8 MiB, and waits for it": (world) => {
    const before = children(world);
    const error = failsWith("EFBIG", () => shell(world, "exec cat /dev/zero"));
    isEqual(error.message, 'cannot read "/bin/sh": EFBIG');
    isEqual(children(world), before);
  },
  "execute() sets variables over its own environment": (world) => {
    const variables = { MQTAP_A: "a=b c", MQTAP_B: "", PATH: "/usr/bin:/bin" };
    const { stdout } = world.syscalls.execute({ path: "/usr/bin/env", argv: ["env"], variables, stdin: "" });
    const set = stdout.split("\n").filter((line) => /^(PATH|MQTAP_A|MQTAP_B)=/.test(line));
    isEqual(set.sort(), ["MQTAP_A=a=b c", "MQTAP_B=", "PATH=/usr/bin:/bin"]);
    isEqual(shell(world, 'printf %s "$MQTAP_A"').stdout, "");
    isTrue(shell(world, 'printf %s "$PATH"').stdout.includes("/bin"), "a PATH that was not touched");
  },
  "execute() passes argv as it is, argv[0] included": ({ syscalls }) => {
    const argv = ["strange name", "-c", 'printf "%s," "$0" "$@"', "first", "", "ü"];
    const { stdout } = syscalls.execute({ path: "/bin/sh", argv, variables: {}, stdin: "" });
    isEqual(stdout, "first,,ü,");
    const name = syscalls.execute({ path: "/bin/sh", argv: ["strange", "-c", "echo $0"], variables: {}, stdin: "" });
    isEqual(name.stdout, "strange\n");
  },
  "execute() hands down the descriptor that it is told, under its number, and no other": (world) => {
    const { syscalls, directory } = world;
    const list = "n=3; while [ $n -lt 64 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n+1)); done; true";
    isEqual(shell(world, list).stdout, "");
    within(syscalls, syscalls.open(`${directory}/text`, 0), (other) => {
      within(syscalls, syscalls.open(`${directory}/text`, 0), (fd) => {
        isEqual(shell(world, list, { inheritedFd: fd }).stdout, `${fd}\n`);
        isEqual(shell(world, `cat /proc/self/fd/${fd}`, { inheritedFd: fd }).stdout, "grün 🌳\n");
        isTrue(other !== fd, "two descriptors");
      });
    });
  },
  "execute() fails where there is no program to start": (world) => {
    const { directory } = world;
    const { syscall, errno, message } = failsWith("ENOENT", () => run(world, "/nothing/here"));
    isEqual([syscall, errno, message], ["execve", 2, 'cannot execve "/nothing/here": ENOENT']);
    failsWith("EACCES", () => run(world, `${directory}/text`));
    failsWith("EACCES", () => run(world, directory));
    failsWith("ENOTDIR", () => run(world, `${directory}/text/x`));
    failsWith("EINVAL", () => run(world, "/bin/sh\0"));
    failsWith("EINVAL", () => shell(world, "true\0"));
    failsWith("EINVAL", () => shell(world, "true", { variables: { A: "a\0" } }));
  },
  "execute() starts a program with its SELinux label, or not at all": (world) => {
    const { syscalls } = world;
    const hasSelinux = syscalls.openIfThere("/sys/fs/selinux/enforce", 0);
    if (hasSelinux !== undefined) {
      syscalls.close(hasSelinux);
      const own = within(syscalls, syscalls.open("/proc/thread-self/attr/current", 0), (fd) => syscalls.readToEnd(fd));
      const selinuxLabel = own.replaceAll("\0", "");
      isEqual(shell(world, "cat /proc/self/attr/current", { selinuxLabel }).stdout, own);
    }
    const error = thrownBy(() => shell(world, ': >"$1/labelled"', { selinuxLabel: "nobody:nothing:nowhere" }));
    isTrue(error instanceof SyscallError, "a refused label");
    isEqual([error.syscall, error.args], ["setexeccon", '"nobody:nothing:nowhere"']);
    isTrue(!exists(world, "labelled"), "nothing was run");
    isEqual(shell(world, "echo well").stdout, "well\n");
  },
};

const files: Cases<SyscallsWorld> = {
  "rename() replaces a file": (world) => {
    const { syscalls, directory } = world;
    put(world, "new", "new");
    put(world, "old", "old");
    syscalls.rename(`${directory}/new`, `${directory}/old`);
    isEqual([readText(world, "old"), exists(world, "new")], ["new", false]);
    const { message } = failsWith("ENOENT", () => syscalls.rename(`${directory}/new`, `${directory}/old`));
    isEqual(message, `cannot rename "${directory}/new" to "${directory}/old": ENOENT`);
    failsWith("EINVAL", () => syscalls.rename(`${directory}/old`, `${directory}/a\0b`));
  },
  "tryLock() locks a file until its descriptor is closed": ({ syscalls, directory }) => {
    const open = (): number => syscalls.open(`${directory}/lock`, O_RDWR_CREAT, 0o600);
    within(syscalls, open(), (second) => {
      within(syscalls, open(), (first) => {
        isEqual([syscalls.tryLock(first), syscalls.tryLock(first), syscalls.tryLock(second)], [true, true, false]);
      });
      isEqual(syscalls.tryLock(second), true);
    });
    failsWith("EBADF", () => syscalls.tryLock(999));
  },
  "realtimeMs() is the clock of the machine": (world) => {
    const before = world.syscalls.realtimeMs();
    const seen = Number(shell(world, "date +%s%3N").stdout);
    const after = world.syscalls.realtimeMs();
    isTrue(before <= seen && seen <= after, `${seen} between ${before} and ${after}`);
    isTrue(Number.isInteger(before), "whole milliseconds");
  },
};

export const programCases: Cases<SyscallsWorld> = { ...executions, ...files };
