// What level of Pod Security the pods need, by the API server's own admission: the controller's are "restricted", the
// agent's are "privileged" for reasons that are all listed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { createNamespace } from "../../deploy/local/nodes.ts";
import { type KubeObject, kustomize, podSpecOf, root } from "./rendered.ts";

const levels = ["privileged", "baseline", "restricted"] as const;
type Level = (typeof levels)[number];

let controlPlane: ControlPlane;
let installation: readonly KubeObject[];
before(async () => {
  controlPlane = await startControlPlane({ binDir: componentDirectory() });
  installation = await kustomize(`${root}/deploy/overlays/default`);
  for (const level of levels) {
    await createNamespace(controlPlane, level);
    for (const name of ["mqtap-agent", "mqtap-controller"]) {
      await controlPlane.kubectl(["create", "serviceaccount", name, `--namespace=${level}`]);
    }
    const label = `pod-security.kubernetes.io/enforce=${level}`;
    await controlPlane.kubectl(["label", "namespace", level, label]);
  }
});
after(() => controlPlane?.[Symbol.asyncDispose]());

/** Asks whether a pod of that workload may run in a namespace of that level. @throws CommandError with the reasons */
async function admit(kind: "Deployment" | "DaemonSet", level: Level, objects = installation): Promise<void> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "it", namespace: level },
    spec: podSpecOf(objects, kind),
  };
  await controlPlane.kubectl(["create", "--dry-run=server", "-f", "-"], { stdin: JSON.stringify(pod) });
}

test("the controller's pods run at the level restricted", () => admit("Deployment", "restricted"));

test("the agent's pods need the level privileged: host's network, its loopback for the probes, a port, paths and two capabilities", async () => {
  await admit("DaemonSet", "privileged");
  await assert.rejects(admit("DaemonSet", "baseline"), (error) => {
    const [, reasons = ""] = /violates PodSecurity "baseline:latest": (.*)$/m.exec(String(error)) ?? [];
    const kinds = [...reasons.matchAll(/(?:^|, )([a-zA-Z-]+(?: [a-z-]+)*) \(/g)].map(([, kind]) => kind);
    assert.deepEqual(kinds.toSorted(), [
      "host namespaces",
      "hostPath volumes",
      "hostPort",
      "non-default capabilities",
      "probe or lifecycle host",
    ]);
    assert.match(reasons, /"NET_ADMIN", "SYS_ADMIN"/);
    return true;
  });
});

test("the namespace of the installation lets agents in, and says so itself", async () => {
  const namespace = installation.find(({ kind }) => kind === "Namespace");
  assert.equal(namespace?.metadata.labels["pod-security.kubernetes.io/enforce"], "privileged");
});

test("components/privileged-agent makes the agent's pod privileged, and the API server takes it", async () => {
  const objects = await kustomize(`${root}/test/testdata/kustomize/privileged`);
  await admit("DaemonSet", "privileged", objects);
  await assert.rejects(admit("DaemonSet", "baseline", objects), /privileged \(container "agent" must not set/);
});
