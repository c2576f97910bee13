// The chart makes the objects that kustomize makes, on the API server too; its schema refuses wrong values, each with a
// message that names the field.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type CommandResult, runCommand } from "../../deploy/local/command.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { identityOf, type KubeObject, kustomize, parseObjects, podSpecOf, root } from "./rendered.ts";

const home = mkdtempSync(join(tmpdir(), "mqtap-helm-"));
after(() => rmSync(home, { recursive: true, force: true }));

const namespace = "mqtap-system";
const chart = `${root}/deploy/chart`;

/** Runs Helm with a home of its own; gives the result of a failure too. */
function helm(args: readonly string[], stdin = "{}"): Promise<CommandResult> {
  const argv = [join(componentDirectory(), "helm"), ...args];
  const env = { PATH: "/usr/bin:/bin", HOME: home };
  return runCommand(argv, { env, stdin, allowFailure: true, timeoutMs: 120_000 });
}

async function rendered(values: object, release = namespace): Promise<readonly KubeObject[]> {
  const kubernetes = "--kube-version=1.37.0";
  const args = ["template", "mqtap", chart, `--namespace=${release}`, kubernetes, "--values=-"];
  const { status, stdout, stderr } = await helm(args, JSON.stringify(values));
  assert.equal(status, 0, stderr);
  return parseObjects(stdout);
}

/** What is left out of the comparison: the namespace, which Helm makes itself, and Helm's own annotation. */
function comparable(objects: readonly KubeObject[]): Readonly<Record<string, unknown>> {
  const entries = objects
    .filter(({ kind }) => kind !== "Namespace")
    .map((object) => [identityOf(object), normal(object)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

const byName = ["env", "volumes", "volumeMounts"];

/** Lists whose order has no meaning are sorted; JSON in a string is read. */
function normal(object: KubeObject): unknown {
  const text = JSON.stringify(object, (key, value) => {
    if (key === "annotations" && "helm.sh/resource-policy" in value) return undefined;
    if (key === "policy.json") return JSON.parse(value);
    if (!byName.includes(key) || !Array.isArray(value)) return value;
    return value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)).map(sortedKeys);
  });
  return JSON.parse(text);
}

function sortedKeys(value: object): object {
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

describe("the chart makes what kustomize makes", () => {
  const pairs: Readonly<Record<string, readonly [string, object]>> = {
    default: ["deploy/overlays/default", {}],
    minimal: ["deploy/overlays/minimal", { kubevirt: { enabled: false }, controller: { replicas: 1 } }],
    kubevirt: ["test/testdata/kustomize/kubevirt", { multus: { enabled: true } }],
    uninstall: ["deploy/overlays/uninstall", { uninstall: true }],
    privileged: ["test/testdata/kustomize/privileged", { agent: { privileged: true } }],
    k3s: ["test/testdata/kustomize/k3s", { agent: { hostPaths: { cniBin: "/var/lib/rancher/k3s/data/cni" } } }],
  };
  for (const [name, [folder, values]] of Object.entries(pairs)) {
    test(name, async () => {
      const [ours, theirs] = [comparable(await rendered(values)), comparable(await kustomize(`${root}/${folder}`))];
      assert.deepEqual(Object.keys(ours), Object.keys(theirs));
      assert.deepEqual(ours, theirs);
    });
  }
});

describe("values reach the pods", () => {
  test("registry, tag and digest of images", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const images = { registry: "registry.test:5000/virt/", tag: "v2", agent: { digest }, pullSecrets: [{ name: "s" }] };
    const objects = await rendered({ images });
    const [agent, controller] = [podSpecOf(objects, "DaemonSet"), podSpecOf(objects, "Deployment")];
    assert.equal(agent.containers[0].image, `registry.test:5000/virt/mqtap-agent@${digest}`);
    assert.equal(controller.containers[0].image, "registry.test:5000/virt/mqtap-controller:v2");
    assert.deepEqual([agent["imagePullSecrets"], controller["imagePullSecrets"]], [[{ name: "s" }], [{ name: "s" }]]);
  });

  test("flags, labels of nodes, resources and the policy", async () => {
    const agent = {
      logLevel: "debug",
      hookImageNames: ["a", "b"],
      managedTapBindings: ["x"],
      adoptRunning: true,
      nodeSelector: { role: "virt" },
      resources: { limits: { memory: "1Gi" } },
      policy: { owners: "any", selinuxContexts: ["system_u:object_r:t:s0"] },
    };
    const objects = await rendered({ agent });
    const pod = podSpecOf(objects, "DaemonSet");
    const [{ args, ...container }] = pod.containers;
    const more = ["--hook-image-names=a,b", "--managed-tap-bindings=x", "--adopt-running", "--log-level=debug"];
    for (const flag of more) assert.ok(args.includes(flag), flag);
    assert.partialDeepStrictEqual(pod["nodeSelector"], { role: "virt", "kubernetes.io/os": "linux" });
    assert.partialDeepStrictEqual(container["resources"], { limits: { memory: "1Gi" } });
    const policy = objects.find(({ kind }) => kind === "ConfigMap");
    assert.partialDeepStrictEqual(JSON.parse(Object(policy?.["data"])["policy.json"]), {
      owners: "any",
      selinuxContexts: ["system_u:object_r:t:s0"],
    });
  });

  test("another namespace is named everywhere, in the admission policies too", async () => {
    const text = JSON.stringify(await rendered({}, "elsewhere"));
    assert.ok(text.includes("system:serviceaccount:elsewhere:mqtap-agent"));
    assert.ok(!text.includes("mqtap-system"), "a place still names mqtap-system");
  });
});

describe("values.schema.json refuses", () => {
  const refused: Readonly<Record<string, readonly [object, RegExp]>> = {
    "a key that is not there": [{ agnet: {} }, /additional properties 'agnet' not allowed/],
    "a key that is not there, below": [
      { agent: { privilged: true } },
      /\/agent'?: additional properties 'privilged' not allowed/,
    ],
    "no controller": [{ controller: { replicas: 0 } }, /\/controller\/replicas'?: minimum: got 0, want 1/],
    "replicas in quotes": [{ controller: { replicas: "2" } }, /\/controller\/replicas'?: got string, want integer/],
    "a log level that is none": [{ agent: { logLevel: "loud" } }, /\/agent\/logLevel'?: value must be one of 'debug'/],
    "a relative path": [
      { agent: { hostPaths: { cniBin: "opt/cni" } } },
      /\/agent\/hostPaths\/cniBin'?: 'opt\/cni' does not match pattern/,
    ],
    "a path that goes up": [
      { agent: { hostPaths: { cniBin: "/opt/a b" } } },
      /\/agent\/hostPaths\/cniBin'?: '\/opt\/a b' does not match pattern/,
    ],
    "an address for everybody's metrics that is none": [
      { agent: { healthHost: "node" } },
      /\/agent\/healthHost'?: value must be one of/,
    ],
    "a digest without its algorithm": [
      { images: { agent: { digest: "abc" } } },
      /\/images\/agent\/digest'?: 'abc' does not match pattern/,
    ],
    "an owner below 0": [{ agent: { policy: { owners: [-1] } } }, /\/agent\/policy\/owners/],
    "no name of a hook": [{ agent: { hookImageNames: [] } }, /\/agent\/hookImageNames'?: minItems: got 0, want 1/],
    "a switch that is a word": [{ kubevirt: { enabled: "yes" } }, /\/kubevirt\/enabled'?: got string, want boolean/],
  };
  for (const [what, [values, message]] of Object.entries(refused)) {
    test(what, async () => {
      const { status, stderr } = await helm(["template", "mqtap", chart, "--values=-"], JSON.stringify(values));
      assert.notEqual(status, 0);
      assert.match(stderr, message);
    });
  }
});

test("helm lint finds nothing to say", async () => {
  const { status, stdout, stderr } = await helm(["lint", "--strict", chart]);
  assert.equal(status, 0, stdout + stderr);
});

describe("on an API server", () => {
  let controlPlane: ControlPlane;
  before(async () => {
    controlPlane = await startControlPlane({ binDir: componentDirectory() });
  });
  after(() => controlPlane?.[Symbol.asyncDispose]());

  /** @throws AssertionError with what Helm said */
  async function release(args: readonly string[], values: object = {}): Promise<string> {
    const where = [`--namespace=${namespace}`, `--kubeconfig=${controlPlane.adminKubeconfigPath}`];
    const { status, stdout, stderr } = await helm([...args, ...where], JSON.stringify(values));
    assert.equal(status, 0, stderr);
    return stdout;
  }

  test("helm installs, upgrades the CRDs, goes into uninstall mode and away, and leaves the configs", async () => {
    const install = ["upgrade", "--install", "mqtap", chart, "--create-namespace", "--values=-"];
    assert.match(await release(install), /pod-security\.kubernetes\.io\/enforce=privileged/);
    await controlPlane.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
    const config = {
      apiVersion: "mqtap.io/v1alpha1",
      kind: "NodeNetworkConfig",
      metadata: { name: "kept" },
      spec: { nodeSelector: {} },
    };
    await controlPlane.kubectl(["create", "-f", "-"], { stdin: JSON.stringify(config) });
    // an older CRD knows fewer columns: an upgrade brings them
    const path = "/spec/versions/0/additionalPrinterColumns";
    const columns = JSON.stringify([{ op: "remove", path }]);
    await controlPlane.kubectl(["patch", "crd", "nodenetworkconfigs.mqtap.io", "--type=json", "-p", columns]);
    await release([...install, "--force-conflicts"]);
    assert.match(await controlPlane.kubectl(["get", "mqc"]), /QUEUES/);
    assert.match(await release([...install, "--force-conflicts"], { uninstall: true }), /condition=Uninstalled/);
    const scale = ["get", "deployment", "mqtap-controller", `--namespace=${namespace}`, "-o=jsonpath={.spec.replicas}"];
    assert.equal(await controlPlane.kubectl(scale), "0");
    await release(["uninstall", "mqtap"]);
    assert.equal(await controlPlane.kubectl(["get", "all", `--namespace=${namespace}`, "-o=name"]), "");
    assert.match(await controlPlane.kubectl(["get", "mqc", "-o=name"]), /kept/);
  });
});
