// A lock between processes that cannot be left behind: flock(1) holds it for as long as we hold its stdin open.
import { spawn } from "node:child_process";
import { SetupError } from "./run.mjs";

/** Runs `work` while this process alone holds the lock file. */
export async function withLock(file, work) {
  const holder = spawn("flock", [file, "sh", "-c", "echo locked; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => holder.once("close", resolve));
  await new Promise((resolve, reject) => {
    holder.stdout.once("data", resolve);
    holder.once("error", (cause) =>
      reject(new SetupError(`cannot start flock (package util-linux): ${cause.message}`)),
    );
    holder.once("close", () => reject(new SetupError(`cannot lock "${file}"`)));
  });
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
