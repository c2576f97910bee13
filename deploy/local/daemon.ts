// A long-running child of the test bed: etcd, kube-apiserver, controller, agents, the holders of namespaces.
// The kernel kills it when this process dies, so that not even SIGKILL leaves one behind; a session of its own
// keeps the terminal's Ctrl-C away from it, so that we decide the order in which things end.
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** How a daemon is started; its stdout and stderr go to `logFile`, appended. */
export interface DaemonOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** "log" (the default) has no stdin and logs stdout; "pipe" gives both to us. stderr is always logged. */
  readonly stdio?: "log" | "pipe";
}

/** A running daemon. */
export interface Daemon extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  readonly logFile: string;
  /** Settles when it has ended, with what ended it. */
  readonly ended: Promise<string>;
  readonly isRunning: boolean;
  /** Sends the signal and waits for the end; SIGKILL once `timeoutMs` has passed. */
  stop(signal?: NodeJS.Signals, timeoutMs?: number): Promise<void>;
  logTail(lines?: number): string;
}

/** Starts a program that dies with us. */
export function startDaemon(options: DaemonOptions): Daemon {
  const log = openSync(options.logFile, "a", 0o600);
  const stdio: StdioOptions = options.stdio === "pipe" ? ["pipe", "pipe", log] : ["ignore", log, log];
  // --pdeathsig: prctl(PR_SET_PDEATHSIG), then exec, so that the pid is the program's own
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...options.argv], {
    stdio,
    detached: true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  let isRunning = true;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (status, signal) => resolve(signal === null ? `exit status ${status}` : `signal ${signal}`));
  }).then((how) => {
    isRunning = false;
    return how;
  });
  const stop = async (signal: NodeJS.Signals = "SIGTERM", timeoutMs = 10_000): Promise<void> => {
    if (!isRunning) return;
    const timeout = new AbortController();
    child.kill(signal);
    await Promise.race([ended, delay(timeoutMs, undefined, { signal: timeout.signal }).catch(() => {})]);
    timeout.abort();
    if (isRunning) child.kill("SIGKILL");
    await ended;
  };
  return {
    name: options.name,
    pid: child.pid ?? -1,
    child,
    logFile: options.logFile,
    ended,
    get isRunning() {
      return isRunning;
    },
    stop,
    logTail: (lines = 15) => lastLines(options.logFile, lines),
    [Symbol.asyncDispose]: () => stop(),
  };
}

function lastLines(file: string, count: number): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
}
