// What the manifests say against what else says it: the programs' flags, the version, the README's table of privileges.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { parseFlags as parseAgentFlags } from "../../operator/agent/options.ts";
import { parseFlags as parseControllerFlags } from "../../operator/controller/options.ts";
import { identityOf, type KubeObject, kustomize, podSpecOf, root } from "./rendered.ts";

const overlays = ["default", "minimal", "uninstall"] as const;
const rendered = new Map<string, readonly KubeObject[]>();
before(async () => {
  for (const name of overlays) rendered.set(name, await kustomize(`${root}/deploy/overlays/${name}`));
});

const objectsOf = (name: string): readonly KubeObject[] => rendered.get(name) ?? [];
const agentOf = (name: string) => podSpecOf(objectsOf(name), "DaemonSet");
const controllerOf = (name: string) => podSpecOf(objectsOf(name), "Deployment");

/** What kubelet makes of $(NAME) in arguments; `fields` are those of the downward API. */
function argsOf(pod: ReturnType<typeof agentOf>, fields: Readonly<Record<string, string>>): readonly string[] {
  const [{ args, env }] = pod.containers;
  const values = new Map(env.map(({ name, value }) => [name, value ?? fields[name]]));
  return args.map((arg) => arg.replaceAll(/\$\(([A-Z_]+)\)/g, (_, name) => values.get(name) ?? assert.fail(name)));
}

const pod = { server: "https://10.0.0.1:443", caFile: "/sa/ca.crt", tokenFile: "/sa/token" };

function agentFlags(name: string) {
  const flags = parseAgentFlags(argsOf(agentOf(name), { NODE_NAME: "node-1" }), pod);
  assert.ok(flags !== "help");
  return flags;
}

describe("the agent understands its flags, and is what the overlay says", () => {
  const expected = {
    default: { cniCacheDir: "/var/lib/cni/results", uninstall: false },
    minimal: { cniCacheDir: undefined, uninstall: false },
    uninstall: { cniCacheDir: "/var/lib/cni/results", uninstall: true },
  };
  for (const name of overlays) {
    test(name, () => {
      assert.partialDeepStrictEqual(agentFlags(name), {
        ...expected[name],
        nodeName: "node-1",
        hostRoot: "/host",
        cniBinDir: "/host/opt/cni/bin",
        healthPort: 9742,
        healthHost: "127.0.0.1",
      });
    });
  }
});

test("every path that the agent is given is below a mount of its pod", () => {
  const flags = agentFlags("uninstall");
  const mounts = agentOf("uninstall").containers[0].volumeMounts.map(({ mountPath }) => mountPath);
  const isMounted = (path: string) => mounts.some((mount) => path === mount || path.startsWith(`${mount}/`));
  const { runDir, stateDir, tunDevice, cniBinDir, policyFile, policySource, cniCacheDir, cniConfDirs } = flags;
  const sysctl = `${flags.sysctlRoot}/${flags.tuntapSysctl}`;
  for (const path of [
    runDir,
    stateDir,
    sysctl,
    tunDevice,
    cniBinDir,
    policyFile,
    policySource,
    cniCacheDir,
    ...cniConfDirs,
  ]) {
    assert.ok(path !== undefined && isMounted(path), `${path} is not mounted`);
  }
});

test("the controller understands its flags", () => {
  const fields = { POD_NAME: "mqtap-controller-x", POD_NAMESPACE: "mqtap-system", POD_IP: "fd00::1" };
  const flags = parseControllerFlags(argsOf(controllerOf("default"), fields), { hostname: "h", pid: 1 });
  assert.partialDeepStrictEqual(flags, { namespace: "mqtap-system", healthPort: 9743, healthHost: "fd00::1" });
});

test("images carry the version of package.json", () => {
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
  for (const name of overlays) {
    const images = [agentOf(name), controllerOf(name)].map(({ containers: [{ image }] }) => image);
    assert.deepEqual(images, [`mqtap-agent:${version}`, `mqtap-controller:${version}`]);
  }
});

test("every object carries the label by which all of mqtap is found", () => {
  for (const object of overlays.flatMap(objectsOf)) {
    assert.equal(object.metadata.labels["app.kubernetes.io/name"], "mqtap", identityOf(object));
  }
});

test("components/privileged-agent takes the list of capabilities away with all else that binds", async () => {
  const privileged = podSpecOf(await kustomize(`${root}/test/testdata/kustomize/privileged`), "DaemonSet");
  assert.deepEqual(privileged.containers[0].securityContext, {
    privileged: true,
    allowPrivilegeEscalation: true,
    readOnlyRootFilesystem: true,
    runAsUser: 0,
    runAsGroup: 0,
    seccompProfile: { type: "Unconfined" },
  });
});

test("a node's CNI directory is changed by the README's patch", async () => {
  const agent = podSpecOf(await kustomize(`${root}/test/testdata/kustomize/k3s`), "DaemonSet");
  const directory = "/var/lib/rancher/k3s/data/cni";
  const flags = parseAgentFlags(argsOf(agent, { NODE_NAME: "node-1" }), pod);
  assert.partialDeepStrictEqual(flags, { cniBinDir: `/host${directory}` });
  const mounts = agent.containers[0].volumeMounts.filter(({ name }) => name === "cni-bin");
  assert.deepEqual(mounts, [{ name: "cni-bin", mountPath: `/host${directory}`, readOnly: false }]);
  const [volume] = agent.volumes.filter(({ name }) => name === "cni-bin");
  assert.deepEqual(volume?.hostPath, { path: directory, type: "Directory" });
});

test("the README's table has each capability, mount and host setting of the agent, and no other", () => {
  const readme = readFileSync(`${root}/deploy/README.md`, "utf8");
  const [, table = ""] = /\| what the agent's pod has \|[^\n]*\n\|[-|]+\n((?:\|.*\n)+)/.exec(readme) ?? [];
  const told = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, what]) => what);
  const agent = agentOf("uninstall");
  const [{ securityContext, volumeMounts }] = agent.containers;
  const wanted = [
    "hostNetwork",
    "runAsUser: 0",
    ...(securityContext.capabilities?.add ?? []),
    ...volumeMounts.map(({ mountPath, readOnly }) => `${mountPath}${readOnly ? " (ro)" : ""}`),
  ];
  assert.deepEqual(told.toSorted(), wanted.toSorted());
});
