// Runs inside a bed, as `adopt-program.ts <job> <scenario> [<step>]`: as fault-program.ts, for `mqtap adopt`. The jobs are `fail`,
// `refuse`, `vanish`, `plain`, `kill`, and `repeat`: the call again in the pod that a kill left.

import { runAdopt } from "../../cni/adopt/run-adopt.ts";
import type { Link } from "../../cni/kernel/kernel.ts";
import { LinuxKernel } from "../../cni/kernel/linux.ts";
import { openLinuxLinkEditor } from "../../cni/kernel/linux-link-editor.ts";
import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { type AdoptScenario, adoptScenarios } from "./adopt-scenarios.ts";
import { failAt, InterferedSyscalls, type Interference, onceAt, refuseAt, type Step } from "./interfered-syscalls.ts";
import { disappearances, heldNetns, holdPod, netns, removePod } from "./pod.ts";
import { run } from "./pod-host.ts";

/** What a call came to. */
export interface AdoptPerformed {
  readonly exitStatus: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly steps: readonly Step[];
  /** Descriptors that the call opened and did not close. */
  readonly stillOpen: readonly string[];
}

/** Links by name, but for what is in motion by itself. */
export type SeenLinks = Readonly<Record<string, Omit<Link, "hasCarrier">>>;

/** One call that something happened to, and the call after it. */
export interface AdoptTrial {
  readonly at: number;
  readonly step: Step;
  readonly event: string;
  readonly performed: AdoptPerformed;
  /** Of the pod that the call was for, also when its path leads elsewhere by now. */
  readonly before: SeenLinks;
  readonly after: SeenLinks;
  readonly repeated: AdoptPerformed;
  readonly afterRepeated: SeenLinks;
}

export interface AdoptFaults {
  /** The scenario with nothing in its way. */
  readonly undisturbed: { readonly performed: AdoptPerformed; readonly before: SeenLinks; readonly after: SeenLinks };
  readonly trials: readonly AdoptTrial[];
}

const errorCodes = ["ENOMEM", "EMFILE", "EPERM", "EINTR", "ENOBUFS"] as const;
/** What the kernel answers a request of netlink with. */
const refusals = ["EPERM", "ENOMEM", "EBUSY", "ENODEV", "EOPNOTSUPP"] as const;
const CLONE_NEWNET = 0x4000_0000;

const syscalls = koffiSyscalls();
const own = syscalls.open("/proc/thread-self/ns/net", 0);

function inPod(commands: readonly string[]): void {
  run("nsenter", `--net=${heldNetns}`, "sh", "-ec", commands.join("\n"));
}

function addPod({ before }: AdoptScenario): void {
  run("ip", "netns", "add", "pod");
  holdPod();
  inPod(before);
}

/** KubeVirt, which makes what is waited for once. */
function kubevirt({ meanwhile = [] }: AdoptScenario): () => void {
  let isDone = meanwhile.length === 0;
  return () => {
    if (isDone) return;
    isDone = true;
    inPod(meanwhile);
  };
}

interface Circumstances {
  readonly meanwhile: () => void;
  readonly interfere?: Interference;
  /** Where it waits. */
  readonly timeout?: string;
}

function call({ words }: AdoptScenario, { meanwhile, interfere, timeout = "5s" }: Circumstances): AdoptPerformed {
  const sys = new InterferedSyscalls(syscalls, (step, at) => {
    if (step.call === "poll" && step.about === "netlink") meanwhile();
    interfere?.(step, at);
  });
  const openLinkEditor = openLinuxLinkEditor.bind(undefined, sys);
  const patience = words.includes("--wait") ? ["--timeout", timeout] : [];
  const effects = { kernel: new LinuxKernel(sys), openLinkEditor, sys };
  const performed = runAdopt(effects, ["--netns", netns, ...words, ...patience]);
  // A plugin that cannot come back ends there; this process goes on.
  syscalls.setns(own, CLONE_NEWNET);
  return { ...performed, steps: sys.steps, stillOpen: sys.stillOpen };
}

function look(): SeenLinks {
  using namespace = new LinuxKernel(syscalls).openNamespace(heldNetns);
  const links = namespace?.links() ?? [];
  return Object.fromEntries(links.map(({ hasCarrier: _, ...link }) => [link.name, link]));
}

function perform(
  scenario: AdoptScenario,
  fault: Pick<AdoptTrial, "at" | "event">,
  interfere: Interference,
): AdoptTrial {
  addPod(scenario);
  const before = look();
  const meanwhile = kubevirt(scenario);
  const performed = call(scenario, { meanwhile, interfere });
  const after = look();
  meanwhile();
  // In another pod there is nothing to wait for.
  const timeout = fault.event in disappearances ? "50ms" : "5s";
  const repeated = call(scenario, { meanwhile, timeout });
  const afterRepeated = look();
  removePod();
  const step = performed.steps[fault.at] ?? { call: "none", about: "" };
  return { ...fault, step, performed, before, after, repeated, afterRepeated };
}

function undisturbed(scenario: AdoptScenario): AdoptFaults["undisturbed"] {
  addPod(scenario);
  const before = look();
  const performed = call(scenario, { meanwhile: kubevirt(scenario) });
  const after = look();
  removePod();
  return { performed, before, after };
}

/** Every call; a call that was there before, of a name and what it is about, fails with one error in turn. */
function failEachCall(scenario: AdoptScenario, { steps }: AdoptPerformed): readonly AdoptTrial[] {
  return steps.flatMap(({ call, about }, at) => {
    if (call === "close") return [];
    const isFirst = steps.findIndex((step) => step.call === call && step.about === about) === at;
    const turn = at % errorCodes.length;
    const codes = isFirst ? errorCodes : errorCodes.slice(turn, turn + 1);
    return codes.map((code) => perform(scenario, { at, event: code }, failAt(at, code)));
  });
}

function refuseEachRequest(scenario: AdoptScenario, { steps }: AdoptPerformed): readonly AdoptTrial[] {
  return steps.flatMap(({ call, about }, at) =>
    call === "send" && about === "netlink"
      ? refusals.map((code) => perform(scenario, { at, event: code }, refuseAt(at, code)))
      : [],
  );
}

function vanishBeforeEachCall(scenario: AdoptScenario, { steps }: AdoptPerformed): readonly AdoptTrial[] {
  return Object.entries(disappearances).flatMap(([event, script]) =>
    steps.map((_step, at) => {
      const vanish = onceAt(at, () => run("sh", "-c", script));
      return perform(scenario, { at, event }, vanish);
    }),
  );
}

/** The pod stays, and is the caller's. */
function killBefore(scenario: AdoptScenario, at: number): never {
  addPod(scenario);
  const interfere = onceAt(at, () => process.kill(process.pid, "SIGKILL"));
  call(scenario, { meanwhile: kubevirt(scenario), interfere });
  throw new Error(`there is no call ${at}`);
}

/** After a kill: what there is, and what there is once the call was repeated. */
function afterKill(scenario: AdoptScenario): Pick<AdoptTrial, "after" | "repeated" | "afterRepeated"> {
  const after = look();
  const meanwhile = after["tap0"] === undefined ? kubevirt(scenario) : () => {};
  const repeated = call(scenario, { meanwhile });
  const afterRepeated = look();
  removePod();
  return { after, repeated, afterRepeated };
}

function main([job, name = "", step = "0"]: readonly string[]): void {
  const scenario = adoptScenarios[name];
  if (scenario === undefined) throw new Error(`cannot find the scenario "${name}"`);
  if (job === "kill") killBefore(scenario, Number(step));
  if (job === "repeat") {
    process.stdout.write(JSON.stringify(afterKill(scenario)));
    return;
  }
  const plain = undisturbed(scenario);
  const attempts = { fail: failEachCall, refuse: refuseEachRequest, vanish: vanishBeforeEachCall, plain: () => [] };
  const attempt = Object.entries(attempts).find(([known]) => known === job)?.[1];
  if (attempt === undefined) throw new Error(`cannot do "${job}": it is no job`);
  process.stdout.write(JSON.stringify({ undisturbed: plain, trials: attempt(scenario, plain.performed) }));
}

main(process.argv.slice(2));
