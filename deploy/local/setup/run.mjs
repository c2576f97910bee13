// Starts the programs of set-up. The kernel ends them when set-up dies, and set-up passes on the signals it gets.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Something a person has to put right; shown as one message without a stack. */
export class SetupError extends Error {
  name = "SetupError";
}

/**
 * Runs a program whose output only matters when it fails: each line goes to `onLine`, and the last ones into the
 * error.
 */
export async function runQuietly(argv, { cwd, env, onLine = () => {} } = {}) {
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", ...argv], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      onLine(line);
    });
  }
  const status = await ending(child);
  if (status !== 0) throw new SetupError(`cannot run "${argv.join(" ")}":\n${abridge(lines).join("\n")}`);
  return lines;
}

/** The first and the last lines: npm says what is wrong first, compilers say it last. */
function abridge(lines) {
  return lines.length <= 40 ? lines : [...lines.slice(0, 10), "...", ...lines.slice(-25)];
}

/** Runs a program in the foreground: our terminal, our signals. Gives its exit status (128 + n after signal n). */
export async function runForeground(argv, { cwd, env } = {}) {
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", ...argv], { cwd, env, stdio: "inherit" });
  // on a terminal Ctrl-C reaches the whole process group, so the program has had it already
  const passOn = (signal) => {
    if (!(signal === "SIGINT" && process.stdin.isTTY)) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, passOn);
  try {
    return await ending(child);
  } finally {
    for (const signal of signals) process.off(signal, passOn);
  }
}

function ending(child) {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new SetupError(`cannot start setpriv (package util-linux): ${cause.message}`)),
    );
    child.once("close", (status, signal) => resolve(signal === null ? status : 128 + (signalNumbers[signal] ?? 1)));
  });
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
