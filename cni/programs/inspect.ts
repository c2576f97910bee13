// The program that serves a person: `mqtap inspect`.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { argv, exit } from "sys";
import { type InspectOutcome, inspect } from "../inspect/inspect.ts";
import { isOutOfMemory } from "../inspect/out-of-memory.ts";
import { LinuxKernel } from "../kernel/linux.ts";
import type { Log } from "../log.ts";
import { readPolicyOrDefault } from "../policy/read-policy.ts";
import { nativeSyscalls } from "../sys/native.ts";
import { printOutcome } from "./print-outcome.ts";

const sys = nativeSyscalls();

function run(): InspectOutcome {
  let warnings = "";
  const log: Log = (_level, message) => {
    warnings += `mqtap: ${message}\n`;
  };
  let found: readonly string[] | undefined;
  const netnsDirs = (): readonly string[] => {
    found ??= readPolicyOrDefault({ sys, log }).netnsDirs;
    return found;
  };
  try {
    const outcome = inspect({ kernel: new LinuxKernel(sys), sys, netnsDirs }, argv.slice(1));
    return { ...outcome, stderr: warnings + outcome.stderr };
  } catch (error) {
    return { stdout: "", stderr: `${warnings}mqtap: cannot inspect: ${explain(error)}\n`, exitStatus: 1 };
  }
}

function explain(error: unknown): string {
  if (isOutOfMemory(error)) {
    return "the taps do not fit into 16 MiB of memory: look at one namespace at a time with --netns PATH";
  }
  return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ""}` : String(error);
}

exit(printOutcome(sys, run()));
