// What the conformance suites need of the machine: network namespaces, one a case, that go with this process; files and a
// listening socket for the system calls.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Starts a child that lives as long as its stdin is open, and waits for its first word. */
async function startHolder(command: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ready = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => undefined)]);
  if (ready === undefined) throw new Error(`cannot start "${command} ${args.join(" ")}": it ended at once`);
  return child;
}

async function stopHolder(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.stdin?.end();
  await exited;
}

/** Namespaces with `lo` and the bridge `bridge0`, under /proc/<pid>/ns/net. */
export class Namespaces implements AsyncDisposable {
  readonly #holders: ChildProcess[] = [];

  async add(): Promise<string> {
    const script = "ip link add bridge0 type bridge && echo ready && exec cat";
    const holder = await startHolder("unshare", ["--net", "sh", "-c", script]);
    this.#holders.push(holder);
    return `/proc/${holder.pid}/ns/net`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#holders.map(stopHolder));
  }
}

export interface SyscallsBed {
  readonly directory: string;
  readonly dispose: () => Promise<void>;
}

const echoServer = `
const server = require("node:net").createServer((socket) => socket.pipe(socket));
server.listen(process.argv[1], () => process.stdout.write("ready"));
process.stdin.on("end", () => process.exit()).resume();
`;
/** Binds and leaves at once, so that the socket's file stays and nobody listens. */
const deadServer = `
const server = require("node:net").createServer();
server.listen(process.argv[1], () => { process.stdout.write("ready"); process.kill(process.pid, "SIGKILL"); });
`;

/** A folder with what the cases of syscalls.ts expect to find. */
export async function makeSyscallsBed(): Promise<SyscallsBed> {
  const directory = mkdtempSync(join(tmpdir(), "mqtap-conformance-"));
  writeFileSync(join(directory, "text"), "grün 🌳\n");
  writeFileSync(join(directory, "bytes"), Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x62));
  writeFileSync(join(directory, "mark"), "\ufeffmarked");
  writeFileSync(join(directory, "long"), "x".repeat((8 << 20) + 1));
  mkdirSync(join(directory, "folder"));
  for (const name of ["a", "b", "ü"]) writeFileSync(join(directory, "folder", name), "");
  const echo = await startHolder(process.execPath, ["-e", echoServer, join(directory, "echo.sock")]);
  const dead = await startHolder(process.execPath, ["-e", deadServer, join(directory, "dead.sock")]);
  if (dead.signalCode === null) await once(dead, "exit");
  const dispose = async (): Promise<void> => {
    await stopHolder(echo);
    rmSync(directory, { recursive: true });
  };
  return { directory, dispose };
}
