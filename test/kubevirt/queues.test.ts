// Our count of the queues that KubeVirt opens, against KubeVirt's own: the domain's when the VM starts afresh, the tap's
// when it arrives by migration. KUBEVIRT_SEED repeats a run.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isRecord } from "../../crds/lenient.ts";
import { MalformedObjectError } from "../../operator/agent/sizing/json-reader.ts";
import { kubevirtQueues } from "../../operator/agent/sizing/kubevirt-queues.ts";
import { decideQueues } from "../../operator/agent/sizing/queues.ts";
import { parseVmi, type Vmi } from "../../operator/agent/sizing/vmi.ts";
import { nodeLimits } from "../agent/objects.ts";
import { arbitraryQuantity, arbitraryVmi } from "./arbitrary-vmis.ts";
import { askPeer, type PeerAnswer } from "./peer.ts";

const vmis = 20_000;
const quantities = 5_000;

/** The numbers that both sides must agree on. */
interface Numbers {
  readonly vcpus: unknown;
  readonly owner: unknown;
  /** By interface: queues when the VM starts afresh, and when it arrives by migration. */
  readonly started: Readonly<Record<string, number>>;
  readonly migrated: Readonly<Record<string, number>>;
}

const seed = Number(process.env["KUBEVIRT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

test(`queues of ${vmis} random VMIs are those of KubeVirt`, (context) => {
  context.diagnostic(`seed ${seed}`);
  const sample = fc.sample(arbitraryVmi, { seed, numRuns: vmis });
  const answers = askPeer("queues", sample);
  const seen = { refused: 0, several: 0, single: 0, preserved: 0 };
  for (const [index, vmi] of sample.entries()) {
    const answer = answers[index];
    assert.ok(answer);
    const theirs = numbersOfPeer(answer);
    if (theirs === undefined) {
      seen.refused += 1;
      assert.ok(answer.kind === "refused" && answer.why.includes("quantit"), JSON.stringify(answer));
      continue; // what KubeVirt cannot read starts nowhere
    }
    const explain = () => `seed ${seed}, VMI ${index}: ${JSON.stringify(vmi)}\nKubeVirt: ${JSON.stringify(answer)}`;
    assert.deepEqual(ourNumbers(vmi, theirs), theirs, explain());
    for (const [name, queues] of Object.entries(theirs.migrated)) {
      seen[queues > 1 ? "several" : "single"] += 1;
      if (queues !== theirs.started[name]) seen.preserved += 1;
    }
  }
  context.diagnostic(JSON.stringify(seen));
  // a sample without these would prove nothing
  for (const [kind, times] of Object.entries(seen)) assert.ok(times > vmis / 100, `${kind}: only ${times}`);
});

test(`${quantities} random CPU quantities are read, or refused, as KubeVirt does`, (context) => {
  context.diagnostic(`seed ${seed}`);
  const sample = fc.sample(arbitraryQuantity, { seed, numRuns: quantities });
  const vmiOf = (cpu: unknown) => ({ spec: { domain: { resources: { limits: { cpu } } } } });
  const seen = { read: 0, refused: 0 };
  for (const [index, answer] of askPeer("queues", sample.map(vmiOf)).entries()) {
    const theirs = answer.kind === "refused" ? "refused" : answer.reply["vcpus"];
    seen[theirs === "refused" ? "refused" : "read"] += 1;
    assert.equal(ourVcpus(vmiOf(sample[index])), theirs, `seed ${seed}: ${JSON.stringify(sample[index])}`);
  }
  context.diagnostic(JSON.stringify(seen));
  for (const [kind, times] of Object.entries(seen)) assert.ok(times > quantities / 100, `${kind}: only ${times}`);
});

function ourVcpus(vmi: unknown): number | "refused" {
  try {
    return parseVmi(vmi).vcpus;
  } catch (error) {
    assert.ok(error instanceof MalformedObjectError, String(error));
    return "refused";
  }
}

function numbersOfPeer(answer: PeerAnswer): Numbers | undefined {
  if (answer.kind === "refused") return undefined;
  const { vcpus, owner, domain, taps } = answer.reply;
  return { vcpus, owner, started: counts(domain), migrated: counts(taps) };
}

/** Neither absent queues nor 0 is less than one queue, and no kernel gives more than 256. */
function counts(byName: unknown): Record<string, number> {
  assert.ok(isRecord(byName));
  return Object.fromEntries(
    Object.entries(byName).map(([name, queues]) => {
      assert.ok(typeof queues === "number");
      return [name, Math.min(Math.max(queues, 1), 256)];
    }),
  );
}

/** Ours, for the interfaces that KubeVirt gives a tap or a domain interface: passt and SR-IOV have none. */
function ourNumbers(json: unknown, theirs: Numbers): Numbers {
  const vmi = parseVmi(json);
  const queues = (names: Readonly<Record<string, number>>, isMigrationTarget: boolean) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, ourQueues(vmi, name, isMigrationTarget)]));
  return {
    vcpus: vmi.vcpus,
    owner: vmi.runtimeUser,
    started: queues(theirs.started, false),
    migrated: queues(theirs.migrated, true),
  };
}

function ourQueues(vmi: Vmi, name: string, isMigrationTarget: boolean): number {
  const nic = vmi.interfaces.find((candidate) => candidate.name === name);
  assert.ok(nic, name);
  const { count } = kubevirtQueues(vmi, nic, isMigrationTarget);
  // where nothing limits, E is k, with and without a hook
  for (const hasHook of [true, false]) {
    const pod = { hasHook, isMigrationTarget, isRunning: false };
    const { queues } = decideQueues({ vmi, nic, pod, limits: nodeLimits(), networkMaxQueues: undefined });
    assert.equal(queues, count);
  }
  return count;
}
