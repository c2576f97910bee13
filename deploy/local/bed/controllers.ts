// kube-controller-manager and kube-scheduler of the bed, in the control plane's network, as the users that they are in every
// cluster.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { ApiUser, ControlPlane, ControlPlaneNetwork } from "../control-plane.ts";
import { type Daemon, startDaemon } from "../daemon.ts";
import { renderKubeconfig } from "../kubeconfig.ts";
import { apiServerInside } from "./hub.ts";

const controllerManager = "system:kube-controller-manager";
const scheduler = "system:kube-scheduler";

/** The user that the kubelet of a node is, by which the Node authorizer knows it. */
export function nodeUser(node: string): string {
  return `system:node:${node}`;
}

/** Who the API server has to know: both controllers, and the kubelets of these nodes. Each has a new token. */
export function clusterUsers(nodes: readonly string[]): readonly ApiUser[] {
  const newUser = (name: string, groups: readonly string[] = []): ApiUser => ({
    name,
    groups,
    token: randomBytes(24).toString("base64url"),
  });
  return [
    newUser(controllerManager),
    newUser(scheduler),
    ...nodes.map((node) => newUser(nodeUser(node), ["system:nodes"])),
  ];
}

/** Starts both; `users` has them. Their kubeconfigs and logs go to the control plane's directory. */
export function startControllers(
  controlPlane: ControlPlane,
  network: ControlPlaneNetwork,
  { binDir, users }: { readonly binDir: string; readonly users: readonly ApiUser[] },
): readonly Daemon[] {
  const { directory, caFile } = controlPlane;
  const start = (program: string, userName: string, flags: readonly string[]): Daemon => {
    const user = users.find(({ name }) => name === userName);
    if (user === undefined) throw new RangeError(`there is no user "${userName}"`);
    const kubeconfig = path.join(directory, `${program}.kubeconfig`);
    const text = renderKubeconfig({ server: apiServerInside, caFile, user: user.name, token: user.token });
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    // no port of their own, no lease: there is one of each
    const common = [`--kubeconfig=${kubeconfig}`, "--leader-elect=false", "--secure-port=0"];
    return startDaemon({
      name: program,
      argv: network.enter([path.join(binDir, program), ...common, ...flags]),
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: directory },
      cwd: directory,
      logFile: path.join(directory, `${program}.log`),
    });
  };
  return [
    start("kube-controller-manager", controllerManager, [
      "--use-service-account-credentials=true",
      `--service-account-private-key-file=${directory}/service-account.key`,
      `--root-ca-file=${caFile}`,
      // else it makes folders below /usr/libexec
      `--flex-volume-plugin-dir=${directory}/volumeplugins`,
    ]),
    start("kube-scheduler", scheduler, []),
  ];
}
