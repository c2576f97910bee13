// The embedded control plane itself: that it is a real one, survives a restart of its API server, and leaves nothing.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { createNamespace, serviceAccountKubeconfig, writeNodeReady } from "../../deploy/local/nodes.ts";
import { readProcFile } from "../../deploy/local/setup/proc.mjs";
import { readEvents } from "../../deploy/local/story/observe.ts";

describe("the embedded control plane", () => {
  let controlPlane: ControlPlane;
  before(async () => {
    controlPlane = await startControlPlane({ binDir: componentDirectory() });
  });
  after(() => controlPlane[Symbol.asyncDispose]());

  it("binds a service account's token to a node", async () => {
    const { uid } = await writeNodeReady(controlPlane, "node-a");
    await createNamespace(controlPlane, "bound");
    const kubeconfig = await serviceAccountKubeconfig(controlPlane, {
      namespace: "bound",
      serviceAccount: "default",
      node: "node-a",
    });
    const whoAmI = JSON.parse(await controlPlane.kubectl(["auth", "whoami", "-o=json"], { kubeconfig }));
    assert.equal(whoAmI.status.userInfo.username, "system:serviceaccount:bound:default");
    assert.deepEqual(whoAmI.status.userInfo.extra["authentication.kubernetes.io/node-name"], ["node-a"]);
    assert.deepEqual(whoAmI.status.userInfo.extra["authentication.kubernetes.io/node-uid"], [uid]);
  });

  it("refuses what a service account has no right to", async () => {
    await createNamespace(controlPlane, "unprivileged");
    const kubeconfig = await serviceAccountKubeconfig(controlPlane, {
      namespace: "unprivileged",
      serviceAccount: "default",
    });
    await assert.rejects(controlPlane.kubectl(["get", "nodes"], { kubeconfig }), /nodes is forbidden/);
  });

  it("lets events be read though one of them is about an object without a name", async () => {
    const event = { apiVersion: "events.k8s.io/v1", kind: "Event", type: "Normal", action: "Look", reason: "Looked" };
    const by = { reportingController: "test", reportingInstance: "test", eventTime: "2026-01-01T00:00:00.000000Z" };
    for (const regarding of [
      { kind: "Pod", namespace: "default" },
      { kind: "Pod", namespace: "default", name: "web" },
    ]) {
      const body = { ...event, ...by, metadata: { generateName: "looked-" }, regarding };
      await controlPlane.request({ method: "POST", path: "/apis/events.k8s.io/v1/namespaces/default/events", body });
    }
    const events = await readEvents(controlPlane, { kind: "Pod", name: "web" });
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ["Looked"],
    );
  });

  it("keeps its objects, its address and its tokens when the API server crashes and comes back", async () => {
    await createNamespace(controlPlane, "kept");
    const kubeconfig = await serviceAccountKubeconfig(controlPlane, { namespace: "kept", serviceAccount: "default" });
    const { server } = controlPlane;
    await controlPlane.stopApiServer("SIGKILL");
    await assert.rejects(controlPlane.request({ method: "GET", path: "/readyz" }), /ECONNREFUSED/);
    await controlPlane.startApiServer();
    assert.equal(controlPlane.server, server);
    await controlPlane.kubectl(["get", "namespace", "kept"]);
    await controlPlane.kubectl(["auth", "whoami"], { kubeconfig });
  });
});

describe("startControlPlane()", () => {
  it("leaves no process and no file when it is disposed of", async () => {
    let directory: string;
    {
      await using controlPlane = await startControlPlane({ binDir: componentDirectory() });
      directory = controlPlane.directory;
      assert.deepEqual(programsThatName(directory), ["etcd", "kube-apiserver"]);
    }
    assert.deepEqual(programsThatName(directory), []);
    assert.equal(existsSync(directory), false);
  });

  it("tells why and leaves nothing when the API server does not become ready in time", async () => {
    const before = controlPlaneDirectories();
    await assert.rejects(
      startControlPlane({ binDir: componentDirectory(), readyTimeoutMs: 1 }),
      /not ready in time\n--- etcd\n/,
    );
    assert.deepEqual(controlPlaneDirectories(), before);
  });

  it("tells which program is missing", async () => {
    await assert.rejects(startControlPlane({ binDir: "/nonexistent" }), /cannot start etcd: exit status 127/);
  });
});

function controlPlaneDirectories(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("mqtap-control-plane-"));
}

function programsThatName(directory: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const [program = "", ...args] = readProcFile(pid, "cmdline").split("\0");
      return args.some((arg) => arg.includes(directory)) ? [program.replace(/.*\//, "")] : [];
    })
    .sort();
}
