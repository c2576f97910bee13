// KubeVirt's real CRDs in place of the demo's stand-in: what the demo writes is what they take, the stand-in says of them
// nothing wrong, and what they let in is what KubeVirt and we can read.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { parse as parseYaml } from "yaml";
import { isRecord } from "../../crds/lenient.ts";
import { ApiStatusError } from "../../deploy/local/api-request.ts";
import { inspectPod } from "../../deploy/local/story/inspect-pod.ts";
import { createLauncherPods, startPodNetwork } from "../../deploy/local/story/launch.ts";
import { startQueueConsumer } from "../../deploy/local/story/queue-consumer.ts";
import { queuesOf } from "../../deploy/local/story/sizing-report.ts";
import { type VirtualMachine, virtualMachineInstance } from "../../deploy/local/story/virtual-machine.ts";
import { storyVms } from "../../deploy/local/story/vms.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { parseVmi } from "../../operator/agent/sizing/vmi.ts";
import { applyConfig, startOperatedCluster, stock, waitForProfile } from "../e2e/operated-cluster.ts";
import { arbitraryVmi } from "./arbitrary-vmis.ts";
import { askPeer, printCrds } from "./peer.ts";

const seed = Number(process.env["KUBEVIRT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const randomVmis = 400;

const { cluster } = await startOperatedCluster();
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane } = cluster;

const apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
await controlPlane.kubectl(apply, { stdin: printCrds() });
await controlPlane.kubectl(["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
await waitUntil("the API server to serve KubeVirt's schema", async () => {
  const answer = await dryRun({ ...vmiOf("probe"), spec: { domain: { devices: {}, sockets: 4 } } });
  return answer.kind === "refused" ? true : undefined;
});

type Stored = { readonly kind: "stored"; readonly body: unknown } | { readonly kind: "refused"; readonly why: string };

/** What the API server would store, strict about unknown and double fields as kubectl is. */
async function dryRun(vmi: object): Promise<Stored> {
  const collection = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances";
  const path = `${collection}?dryRun=All&fieldValidation=Strict`;
  try {
    return { kind: "stored", body: (await controlPlane.request({ method: "POST", path, body: vmi })).body };
  } catch (error) {
    if (error instanceof ApiStatusError && (error.status === 422 || error.status === 400)) {
      return { kind: "refused", why: error.message };
    }
    throw error;
  }
}

function vmiOf(name: string, more: Partial<VirtualMachine> = {}) {
  return virtualMachineInstance({
    name,
    node: stock,
    cpu: { cores: 8 },
    networks: ["default"],
    hasHook: true,
    ...more,
  });
}

test("the stand-in has the original's group, kind, scope, names and subresources", () => {
  const list: unknown = JSON.parse(printCrds());
  const standInFile = join(cluster.layout.kubevirtStandIn, "virtualmachineinstances.yaml");
  const standIn = summaryOf(parseYaml(readFileSync(standInFile, "utf8")));
  assert.ok(isRecord(list) && Array.isArray(list["items"]));
  const originals = list["items"].map(summaryOf);
  const original = originals.find(({ name }) => name === standIn.name);
  assert.deepEqual({ ...standIn, listKind: undefined }, { ...original, listKind: undefined });
  assert.equal(originals.length, 5);
});

/** What clients see of a CRD, beside its schema. */
function summaryOf(crd: unknown) {
  assert.ok(isRecord(crd) && isRecord(crd["metadata"]) && isRecord(crd["spec"]));
  const { group, scope, names, versions } = crd["spec"];
  assert.ok(isRecord(names) && Array.isArray(versions));
  const { plural, singular, kind, shortNames, categories } = names;
  const v1: unknown = versions.find((version) => isRecord(version) && version["name"] === "v1");
  const subresources = isRecord(v1) ? v1["subresources"] : undefined;
  return {
    name: crd["metadata"]["name"],
    ...{ group, scope, plural, singular, kind, shortNames, categories, subresources },
  };
}

describe("VMIs of the demo", () => {
  for (const vm of storyVms) {
    test(`"${vm.name}" is stored as written, and decoded strictly by KubeVirt's own types`, async () => {
      const vmi = virtualMachineInstance(vm);
      const stored = await dryRun(vmi);
      assert.ok(stored.kind === "stored" && isRecord(stored.body), JSON.stringify(stored));
      assert.deepEqual(stored.body["spec"], vmi["spec"]);
      assert.deepEqual(askPeer("decode", [vmi]), [{ kind: "reply", reply: { kind: "VirtualMachineInstance" } }]);
    });
  }

  test("a misspelt field is refused by both, so that accepting means something", async () => {
    const vmi = vmiOf("misspelt");
    const misspelt = { ...vmi, spec: { domain: { cpu: { core: 8 }, devices: {} } } };
    const stored = await dryRun(misspelt);
    assert.ok(stored.kind === "refused");
    assert.match(stored.why, /unknown field .*spec\.domain\.cpu\.core/);
    const [decoded] = askPeer("decode", [misspelt]);
    assert.ok(decoded?.kind === "refused");
    assert.match(decoded.why, /unknown field "spec\.domain\.cpu\.core"/);
  });
});

test(`what the API server lets in of ${randomVmis} random VMIs, KubeVirt and we read alike`, async (context) => {
  context.diagnostic(`seed ${seed}`);
  const stored: unknown[] = [];
  for (const vmi of fc.sample(arbitraryVmi, { seed, numRuns: randomVmis })) {
    const answer = await dryRun(vmi);
    if (answer.kind === "stored") stored.push(answer.body);
  }
  context.diagnostic(`${stored.length} stored`);
  assert.ok(stored.length > randomVmis / 4, `only ${stored.length}`);
  for (const [index, answer] of askPeer("queues", stored).entries()) {
    const vmi = stored[index];
    const where = `seed ${seed}: ${JSON.stringify(vmi)}`;
    if (answer.kind === "refused") {
      // The schema's pattern lets a few quantities in that Kubernetes' own parser does not take, such as "1e1.5".
      assert.match(answer.why, /quantit/, where);
      continue;
    }
    assert.equal(parseVmi(vmi).vcpus, answer.reply["vcpus"], where);
  }
});

test("a VM under the real CRD is sized as under the stand-in", async () => {
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 4 } });
  await waitForProfile(cluster, stock, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);
  const vm: VirtualMachine = { name: "real", node: stock, cpu: { cores: 8 }, networks: ["default"], hasHook: true };
  const [pod] = await createLauncherPods(controlPlane, [vm]);
  assert.ok(pod);
  const netns = await startPodNetwork(cluster, pod);
  await using consumer = startQueueConsumer(cluster.node(stock), { netns, descriptors: 90 });
  const [tap] = await inspectPod(cluster, { ...pod, netns }, consumer);
  assert.equal(queuesOf(tap?.link), 4);
  assert.deepEqual(tap?.opened, { opened: 4 });
});
