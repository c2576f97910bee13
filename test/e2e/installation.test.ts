// `kubectl apply -k` and `kubectl delete -k` on a real API server, as an administrator has them: one command on an empty
// cluster, again, in any order, and away without anything that is stuck. No pods run here: test/bed has those.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { stringify } from "yaml";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { multusManifests } from "../../deploy/local/multus.ts";
import { createNamespace } from "../../deploy/local/nodes.ts";
import { waitForWatchCaches } from "../../deploy/local/watch-caches.ts";
import { identityOf, type KubeObject, kustomize, parseObjects, root } from "./rendered.ts";

let controlPlane: ControlPlane;
before(async () => {
  controlPlane = await startControlPlane({ binDir: componentDirectory() });
});
after(() => controlPlane?.[Symbol.asyncDispose]());

const overlay = (name: string) => `${root}/deploy/overlays/${name}`;
const kubectl = (args: readonly string[], stdin = "") => controlPlane.kubectl(args, { stdin, timeoutMs: 120_000 });
const lines = (text: string) => text.trim().split("\n");

const strictApply = ["apply", "--validate=strict"];
const asController = "--as=system:serviceaccount:mqtap-system:mqtap-controller";

/** Those of the objects that the API server has. */
async function present(objects: readonly KubeObject[]): Promise<readonly string[]> {
  const found = await kubectl(["get", "--ignore-not-found", "-o=yaml", "-f", "-"], objects.map(toDocument).join(""));
  return found === "" ? [] : parseList(found).map(identityOf);
}

function parseList(text: string): readonly KubeObject[] {
  const [list] = parseObjects(text.replace(/^metadata:\n {2}resourceVersion: ""/m, "metadata: {name: list}"));
  return list?.kind === "List" ? parseObjects(documentsOf(list["items"])) : list === undefined ? [] : [list];
}

const documentsOf = (items: unknown) => (Array.isArray(items) ? items.map(toDocument).join("") : "");
const toDocument = (object: unknown) => `---\n${stringify(object, { aliasDuplicateObjects: false })}`;

/** An order that is the same for each seed. */
function shuffled(objects: readonly KubeObject[], seed: number): readonly KubeObject[] {
  const [order] = fc.sample(fc.shuffledSubarray([...objects], { minLength: objects.length }), { seed, numRuns: 1 });
  return order ?? [];
}

/** Applies an overlay and gives what kubectl says of objects that it changed. */
async function changedBy(name: string): Promise<readonly string[]> {
  const said = lines(await kubectl([...strictApply, "-k", overlay(name)]));
  // kubectl sends the selector of a PodDisruptionBudget always (its patch strategy is "replace") and says so
  return said.filter(
    (line) => !line.endsWith(" unchanged") && line !== "poddisruptionbudget.policy/mqtap-controller configured",
  );
}

/** Kind, name and version of each object, as the API server has it. */
function resourceVersions(name: string): Promise<string> {
  const columns = "-o=custom-columns=:.kind,:.metadata.name,:.metadata.resourceVersion";
  return kubectl(["get", "-k", overlay(name), columns]);
}

/** What kube-controller-manager's namespace controller does once a namespace is empty. */
async function finalizeNamespace(name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  const { body } = await controlPlane.request({ method: "GET", path });
  await controlPlane.request({ method: "PUT", path: `${path}/finalize`, body: { ...Object(body), spec: {} } });
}

/** kubectl delete, then all that must be gone by itself is gone. */
async function removeInstallation(name: string): Promise<void> {
  const objects = await kustomize(overlay(name));
  // on a cluster the controller and the agents have long asked for them
  await waitForWatchCaches(controlPlane);
  await kubectl(["delete", "-k", overlay(name), "--wait=false"]);
  for (let tries = 0; ; tries += 1) {
    const left = await present(objects);
    if (left.join() === "Namespace/mqtap-system") break;
    assert.ok(tries < 300, `deletion is stuck: ${left.join(", ")}`);
    await delay(100);
  }
  await finalizeNamespace("mqtap-system");
  assert.deepEqual(await present(objects), []);
}

test("one kubectl apply on an empty cluster makes everything, with strict validation", async () => {
  const said = await kubectl([...strictApply, "-k", overlay("default")]);
  const objects = await kustomize(overlay("default"));
  assert.deepEqual(
    lines(said).map((line) => line.replace(/^.* /, "")),
    objects.map(() => "created"),
    said,
  );
  assert.equal((await present(objects)).length, objects.length);
  await kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
});

test("a second kubectl apply changes nothing", async () => {
  const versions = await resourceVersions("default");
  assert.deepEqual(await changedBy("default"), []);
  assert.equal(await resourceVersions("default"), versions);
});

test("the API server takes every overlay, without a warning", async () => {
  for (const name of ["default", "minimal", "uninstall"]) {
    await kubectl([...strictApply, "--dry-run=server", "--warnings-as-errors", "-k", overlay(name)]);
  }
});

test("the uninstall overlay changes the two workloads and lets the agents list networks, nothing else", async () => {
  assert.deepEqual((await changedBy("uninstall")).toSorted(), [
    "clusterrole.rbac.authorization.k8s.io/mqtap-agent-uninstall created",
    "clusterrolebinding.rbac.authorization.k8s.io/mqtap-agent-uninstall created",
    "daemonset.apps/mqtap-agent configured",
    "deployment.apps/mqtap-controller configured",
  ]);
  await kubectl([...strictApply, "-k", overlay("default")]);
  await kubectl(["delete", "clusterrole,clusterrolebinding", "mqtap-agent-uninstall"]);
});

test("kubectl delete leaves nothing stuck, with configs and profiles there", async () => {
  const config = { metadata: { name: "limit" }, spec: { nodeSelector: {}, tuntap: { maxQueues: 4 } } };
  const spec = { tuntap: { maxQueues: 4, enforcement: "BestEffort", onRemoval: "Restore" } };
  const source = { config: "limit", keys: ["tuntap.maxQueues"], generation: 1 };
  const hash = "0".repeat(16);
  const profile = { metadata: { name: "node-1" }, spec: { ...spec, sysctls: [], sources: [source], hash } };
  const apiVersion = "mqtap.io/v1alpha1";
  await kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion, kind: "NodeNetworkConfig", ...config }));
  await kubectl(
    ["create", asController, "-f", "-"],
    JSON.stringify({ apiVersion, kind: "NodeNetworkProfile", ...profile }),
  );
  await removeInstallation("default");
  await assert.rejects(kubectl(["get", "mqtap"]), /the server doesn't have a resource type/);
});

for (const seed of [1, 2, 3]) {
  test(`in any order it is there after at most two times (order ${seed})`, async () => {
    const objects = shuffled(await kustomize(overlay("default")), seed);
    const documents = objects.map(toDocument).join("");
    // what lies in the namespace is refused as long as it stands before it
    await kubectl([...strictApply, "-f", "-"], documents).catch((error) => {
      assert.match(String(error), /namespaces "mqtap-system" not found/);
    });
    const said = await kubectl([...strictApply, "-f", "-"], documents);
    assert.equal(lines(said).length, objects.length);
    assert.deepEqual(await changedBy("default"), []);
    await removeInstallation("default");
  });
}

test("server-side apply makes the same, and finds nothing to change the second time", async () => {
  const apply = [...strictApply, "--server-side", "-k", overlay("default")];
  await kubectl(apply);
  await kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
  const versions = await resourceVersions("default");
  await kubectl(apply);
  assert.equal(await resourceVersions("default"), versions);
  await removeInstallation("default");
});

test("minimal lets agents read no pod and no VM, and comes and goes like default", async () => {
  await kubectl([...strictApply, "-k", overlay("minimal")]);
  const can = ["auth", "can-i", "--as=system:serviceaccount:mqtap-system:mqtap-agent", "get"];
  await assert.rejects(kubectl([...can, "pods"]), /no/);
  assert.equal((await kubectl([...can, "nodenetworkprofiles.mqtap.io"])).trim(), "yes");
  await removeInstallation("minimal");
});

describe("components/multus", () => {
  test("brings the network of KubeVirt's binding, once Multus is there", async () => {
    await createNamespace(controlPlane, "default");
    const [network] = await kustomize(`${root}/deploy/kubevirt/binding-network`);
    assert.equal(network && identityOf(network), "NetworkAttachmentDefinition/default/mqtap-binding");
    const text = toDocument(network);
    await assert.rejects(kubectl(["apply", "-f", "-"], text), /no matches for kind "NetworkAttachmentDefinition"/);
    const manifests = { apiVersion: "v1", kind: "List", items: multusManifests };
    await kubectl(["apply", "-f", "-"], JSON.stringify(manifests));
    await kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
    await kubectl([...strictApply, "-f", "-"], text);
  });
});
