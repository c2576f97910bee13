// The program of dist/mqtap-conformance: runs the suites on the host's own adapter and prints one JSON line a case; or
// fails in the way that it is asked for. Started by native.test.ts.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { argv, exit, panic, runProgram } from "sys";
import { nativeSyscalls } from "../../../cni/sys/native.ts";
import { addressingCases } from "../addressing.ts";
import { linuxAddressingWorld } from "../addressing-world.ts";
import type { Cases } from "../expect.ts";
import { inNamespace } from "../in-namespace.ts";
import { kernelCases } from "../kernel.ts";
import { linkEditorCases, linuxLinkEditorWorld } from "../link-editor.ts";
import { linuxWorld } from "../linux-world.ts";
import { syscallsCases } from "../syscalls.ts";

const syscalls = nativeSyscalls();
/** The last is a script for some tasks. */
const [, task = "", directory = "", ...namespacePaths] = argv;

function run<World>(cases: Cases<World>, makeWorld: (namespacePath: string) => World): void {
  for (const [position, [name, act]] of Object.entries(cases).entries()) {
    let failure: string | undefined;
    try {
      act(makeWorld(namespacePaths[position] ?? ""));
    } catch (error) {
      failure = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    }
    syscalls.write(1, `${JSON.stringify({ name, failure })}\n`);
  }
}

const tasks: Readonly<Record<string, () => void>> = {
  kernel: () => run(kernelCases, (namespacePath) => linuxWorld(syscalls, namespacePath)),
  addressing: () => run(addressingCases, (namespacePath) => linuxAddressingWorld(syscalls, namespacePath)),
  links: () => run(linkEditorCases, (namespacePath) => linuxLinkEditorWorld(syscalls, namespacePath)),
  syscalls: () => run(inNamespace(syscallsCases), (namespacePath) => ({ syscalls, directory, namespacePath })),
  throw: () => {
    throw new RangeError("thrown at the top", { cause: "a test" });
  },
  "throw-text": () => {
    const text: unknown = "only a text";
    throw text;
  },
  "throw-after-output": () => {
    syscalls.write(1, '{"first":"document"}\n');
    throw new Error("too late");
  },
  memory: () => {
    const kept: Uint8Array[] = [];
    for (;;) kept.push(new Uint8Array(65_536));
  },
  stack: () => {
    const deeper = (depth: number): number => deeper(depth + 1) + 1;
    deeper(0);
  },
  "lost-rejection": () => void Promise.reject(new TypeError("nobody waits for this")),
  "lost-rejection-at-exit": () => {
    const fail = async (): Promise<void> => {
      await undefined;
      throw new TypeError("nobody waits for this");
    };
    void fail();
    exit(0);
  },
  "handled-rejection": () => {
    void Promise.reject(new Error("expected")).catch(() => {});
    syscalls.write(1, "well\n");
  },
  "failing-program": () => runProgram("mqtap-failing"),
  "hungry-program": () => runProgram("mqtap-hungry"),
  "unknown-program": () => runProgram("nothing"),
  panic: () => panic(),
  exit: () => exit(3),
  // The exit status is the descriptor's number: there may be no stdout to write it to.
  "execute-in-shell": () => {
    const argv = ["sh", "-c", directory];
    const { status, stdout } = syscalls.execute({ path: "/bin/sh", argv, variables: {}, stdin: "" });
    syscalls.write(1, stdout);
    exit(status);
  },
  "execute-labelled": () => {
    const execution = { path: "/bin/true", argv: ["true"], variables: {}, stdin: "" };
    syscalls.execute({ ...execution, selinuxLabel: "system_u:system_r:init_t:s0" });
  },
  "open-file": () => exit(syscalls.open("/", 0)),
  "fill-stdout": () => syscalls.write(1, "x".repeat(1 << 20)),
  eval: () => {
    const evaluate = Function;
    evaluate("return 1")();
  },
};

tasks[task]?.();
