// Runs inside a bed, as `fault-program.ts <job> <scenario> [<step>]`, and tells what came of it as one JSON document:
// `refuse`: the same with every request to netlink, which the kernel refuses;
// `fail`: the scenario again and again, each time another call failing with another error; `vanish`: the pod's namespace goes
// before each call; `plain`: the scenario once; `kill`: this process ends by SIGKILL before call number <step>.

import { failAt, type Interference, onceAt, refuseAt, type Step } from "./interfered-syscalls.ts";
import { disappearances, heldNetns, holdPod, netns, removePod } from "./pod.ts";
import { type HostedCall, type Performed, PodHost, run, type SeenTap } from "./pod-host.ts";
import { hopelessScenarios, prepareCall, type Scenario, scenarios } from "./scenarios.ts";

/** One call that something happened to, and what a runtime does then. */
export interface Trial {
  readonly at: number;
  readonly step: Step;
  /** The errno, or what became of the namespace. */
  readonly event: string;
  readonly performed: Performed;
  readonly before: readonly SeenTap[];
  readonly after: readonly SeenTap[];
  /** Addresses. */
  readonly reserved: readonly string[];
  readonly repeated: Performed;
  readonly afterRepeated: readonly SeenTap[];
  readonly deleted: Performed;
  readonly afterDeleted: readonly SeenTap[];
  readonly reservedInTheEnd: readonly string[];
}

export interface Report {
  /** The scenario with nothing in its way. */
  readonly undisturbed: {
    readonly performed: Performed;
    readonly after: readonly SeenTap[];
    readonly reserved: readonly string[];
  };
  readonly trials: readonly Trial[];
}

export const errorCodes = ["ENOSPC", "EMFILE", "ENOMEM", "EPERM", "EINTR"] as const;

/** What the kernel answers a request of netlink with. */
const refusals = ["EPERM", "ENOMEM", "EBUSY", "ENODEV"] as const;

const host = new PodHost();

function addPod(): void {
  run("ip", "netns", "add", "pod");
  run("ip", "-n", "pod", "link", "add", "br0", "type", "bridge");
  holdPod();
}

function perform(scenario: Scenario, at: number, event: string, interfere: Interference): Trial {
  const call = prepareCall(host, scenario, netns);
  const before = host.tapsOf([heldNetns, netns]);
  const performed = host.call(call, interfere);
  const after = host.tapsOf([heldNetns, netns]);
  const reserved = host.reservedAddresses();
  const step = performed.steps[at] ?? { call: "none", about: "" };
  // A runtime repeats what failed, and a pod's end is always a DEL.
  const repeated = host.call(call);
  const afterRepeated = host.tapsOf([heldNetns, netns]);
  const deleted = host.call(deletionOf(call));
  const afterDeleted = host.tapsOf([heldNetns, netns]);
  const reservedInTheEnd = host.reservedAddresses();
  return {
    ...{ at, step, event, performed, before, after, reserved },
    ...{ repeated, afterRepeated, deleted, afterDeleted, reservedInTheEnd },
  };
}

function deletionOf(call: HostedCall): HostedCall {
  return { ...call, command: "DEL" };
}

function undisturbed(scenario: Scenario): Report["undisturbed"] {
  const call = prepareCall(host, scenario, netns);
  const performed = host.call(call);
  const after = host.tapsOf([heldNetns, netns]);
  const reserved = host.reservedAddresses();
  host.call(deletionOf(call));
  return { performed, after, reserved };
}

function failEachCall(scenario: Scenario): Report {
  addPod();
  const plain = undisturbed(scenario);
  const { steps } = plain.performed;
  const trials = steps.flatMap(({ call, about }, at) => {
    if (call === "close") return [];
    const isFirst = steps.findIndex((step) => step.call === call && step.about === about) === at;
    const isSampled = scenario.sampled === "all" || (scenario.sampled === "repeated" && !isFirst);
    const turn = at % errorCodes.length;
    const codes = isSampled ? errorCodes.slice(turn, turn + 1) : errorCodes;
    return codes.map((code) => perform(scenario, at, code, failAt(at, code)));
  });
  removePod();
  return { undisturbed: plain, trials };
}

function refuseEachRequest(scenario: Scenario): Report {
  addPod();
  const plain = undisturbed(scenario);
  const trials = plain.performed.steps.flatMap(({ call, about }, at) =>
    call === "send" && about === "netlink"
      ? refusals.map((code) => perform(scenario, at, code, refuseAt(at, code)))
      : [],
  );
  removePod();
  return { undisturbed: plain, trials };
}

function vanishBeforeEachCall(scenario: Scenario): Report {
  addPod();
  const plain = undisturbed(scenario);
  removePod();
  const trials = Object.entries(disappearances).flatMap(([event, script]) =>
    plain.performed.steps.map((_step, at) => {
      addPod();
      const trial = perform(
        scenario,
        at,
        event,
        onceAt(at, () => run("sh", "-c", script)),
      );
      removePod();
      return trial;
    }),
  );
  return { undisturbed: plain, trials };
}

function performOnce(scenario: Scenario): Report {
  addPod();
  const plain = undisturbed(scenario);
  removePod();
  return { undisturbed: plain, trials: [] };
}

/** The pod is the caller's. */
function killBefore(scenario: Scenario, at: number): never {
  const call = prepareCall(host, scenario, netns);
  host.call(
    call,
    onceAt(at, () => process.kill(process.pid, "SIGKILL")),
  );
  throw new Error(`there is no call ${at}`);
}

function reportOn(job: string | undefined, scenario: Scenario): Report {
  switch (job) {
    case "fail":
      return failEachCall(scenario);
    case "refuse":
      return refuseEachRequest(scenario);
    case "vanish":
      return vanishBeforeEachCall(scenario);
    case "plain":
      return performOnce(scenario);
    default:
      throw new Error(`cannot do "${job}": it is no job`);
  }
}

function main([job, name = "", step = "0"]: readonly string[]): void {
  const scenario = scenarios[name] ?? hopelessScenarios[name];
  if (scenario === undefined) throw new Error(`cannot find the scenario "${name}"`);
  if (job === "kill") killBefore(scenario, Number(step));
  process.stdout.write(JSON.stringify(reportOn(job, scenario)));
}

main(process.argv.slice(2));
