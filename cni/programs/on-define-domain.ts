// The program that KubeVirt's sidecar-shim runs before a VM is defined, by the name `onDefineDomain`. stdout is taken verbatim.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { argv, exit } from "sys";
import { onDefineDomain } from "../domain/on-define-domain.ts";
import { formatLogLine } from "../log.ts";
import { nativeSyscalls } from "../sys/native.ts";
import { SyscallError } from "../sys/syscalls.ts";

const sys = nativeSyscalls();

/** Undefined where it went out. */
function writeFailure(fd: number, data: string | Uint8Array): string | undefined {
  try {
    if (data.length > 0) sys.write(fd, data);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return error.message;
  }
}

const { stdout, stderr, exitStatus } = onDefineDomain(sys, argv);
// The document first: nobody may read stderr.
const failure = writeFailure(1, stdout);
const line = failure === undefined ? stderr : formatLogLine("error", `cannot print the domain: ${failure}`);
writeFailure(2, line);
exit(failure === undefined ? exitStatus : 1);
