// Runs one program to its end and gives back what it wrote. Every short-lived program of the test bed
// (kubectl, cnitool, nsenter) is started here, so that time limits and error texts are the same for all.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** How a program is started. Without `env` it inherits the caller's. */
export interface CommandOptions {
  readonly stdin?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** Also give back results with a non-zero exit status instead of throwing. */
  readonly allowFailure?: boolean;
}

/** What a program left behind. `status` is null when a signal ended it. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program ended with a status other than 0, or by a signal, or in time-out. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly argv: readonly string[];
  readonly result: CommandResult;

  constructor(argv: readonly string[], result: CommandResult, why: string) {
    const said = (result.stderr.trim() || result.stdout.trim()).slice(-4000);
    super(`cannot run "${argv.slice(0, 6).join(" ")}": ${why}${said === "" ? "" : `: ${said}`}`);
    this.argv = argv;
    this.result = result;
  }
}

/**
 * Runs `argv[0]` with the other elements as arguments.
 * @throws CommandError when it fails and `allowFailure` is not set
 */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("cannot run an empty command");
  const timeoutMs = options.timeoutMs ?? 60_000;
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  child.stdin.on("error", () => {}); // a program may end before it has read its input
  child.stdin.end(options.stdin ?? "");
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`cannot start "${program}": ${cause.message}`, { cause })));
    child.once("close", (status) => resolve(status));
  });
  try {
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    const result = { status, stdout, stderr };
    if (timedOut) throw new CommandError(argv, result, `no end after ${timeoutMs} ms`);
    if (status !== 0 && options.allowFailure !== true) {
      throw new CommandError(argv, result, status === null ? `signal ${child.signalCode}` : `exit status ${status}`);
    }
    return result;
  } finally {
    clearTimeout(timer);
  }
}
