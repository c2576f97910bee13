// From variables and stdin to stdout and an exit status: the order of checks of pkg/skel (cni v1.3.0), with the own-namespace
// guard moved before the act. The one place where an unknown error becomes a CNI error document.

import type { Effects, Verb, Verbs } from "./commands/call.ts";
import { version } from "./commands/version.ts";
import { newestVersion, parseEnvelope, parseVersion, supportedVersions } from "./config.ts";
import { isStartedByHand, parseEnvironment, type Variables } from "./environment.ts";
import { CniError, errorCodes, formatError, toCniError } from "./error.ts";
import { SyscallError } from "./sys/syscalls.ts";

export interface Invocation extends Effects {
  readonly verbs: Verbs;
  readonly variables: Variables;
  /** Read to its end, and only when the verb takes a configuration. */
  readonly readStdin: () => string;
  /** Told of every failure that `log` is not. */
  readonly recordFailure?: (error: CniError) => void;
}

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: 0 | 1;
}

const about =
  (): string => `mqtap: a CNI plugin that makes tap devices with the queues their VM can use and their node allows
CNI protocol versions supported: ${supportedVersions.join(", ")}
`;

/** Never throws: whatever happens is one document on stdout. */
export function dispatch(invocation: Invocation): Outcome {
  const progress = { cniVersion: newestVersion };
  try {
    if (isStartedByHand(invocation.variables)) return { stdout: "", stderr: about(), exitStatus: 0 };
    return { stdout: perform(invocation, progress), stderr: "", exitStatus: 0 };
  } catch (thrown) {
    const error = toCniError(thrown);
    if (error.code === errorCodes.Internal) {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      invocation.log("error", error.message, { code: error.code, stack });
    } else {
      invocation.recordFailure?.(error);
    }
    return { stdout: formatError(error, progress.cniVersion), stderr: "", exitStatus: 1 };
  }
}

/** `progress` learns the version that errors are written in, as soon as it is known. */
function perform(
  { verbs, variables, readStdin, kernel, sys, log, openAddressing }: Invocation,
  progress: { cniVersion: string },
): string {
  const environment = parseEnvironment(variables);
  if (environment.command === "VERSION") return version();
  const text = readConfiguration(readStdin);
  const { document, network } = parseEnvelope(text);
  const { run, since } = findVerb(verbs, environment.command);
  const cniVersion = parseVersion(document);
  progress.cniVersion = cniVersion;
  if (supportedVersions.indexOf(cniVersion) < supportedVersions.indexOf(since)) {
    throw new CniError(errorCodes.IncompatibleVersion, `config version does not allow ${environment.command}`, {
      details: `config is "${cniVersion}", ${environment.command} needs "${since}"`,
    });
  }
  return run({ kernel, sys, log, openAddressing, environment, text, document, network, cniVersion });
}

function findVerb(verbs: Verbs, command: string): Verb {
  const verb = Object.hasOwn(verbs, command) ? verbs[command] : undefined;
  if (verb !== undefined) return verb;
  throw new CniError(errorCodes.InvalidEnvironment, `unknown CNI_COMMAND: ${JSON.stringify(command)}`);
}

function readConfiguration(readStdin: () => string): string {
  try {
    return readStdin();
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    throw new CniError(errorCodes.IoFailure, `cannot read the network configuration from stdin: ${cause.code}`, {
      cause,
    });
  }
}
