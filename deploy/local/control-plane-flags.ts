// The command lines of etcd and kube-apiserver when they serve one machine alone, on loopback, with throw-away data.

/** Where the parts of one control plane are. */
export interface ControlPlaneLayout {
  readonly binDir: string;
  readonly directory: string;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiPort: number;
}

/** etcd without fsync: the data do not outlive the control plane. */
export function etcdArgv({ binDir, directory, etcdPort, etcdPeerPort }: ControlPlaneLayout): readonly string[] {
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPeerPort}`;
  return [
    `${binDir}/etcd`,
    "--name=local",
    `--data-dir=${directory}/etcd`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=local=${peer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

/** kube-apiserver with the authorizers and admission of a real cluster; its serving certificate is its own (--cert-dir). */
export function apiServerArgv({ binDir, directory, etcdPort, apiPort }: ControlPlaneLayout): readonly string[] {
  return [
    `${binDir}/kube-apiserver`,
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${apiPort}`,
    `--cert-dir=${directory}/serving`,
    `--token-auth-file=${directory}/tokens.csv`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${directory}/service-account.pub`,
    `--service-account-signing-key-file=${directory}/service-account.key`,
    "--service-cluster-ip-range=10.96.0.0/24",
    "--allow-privileged=true",
    // since 1.37 a loopback advertise address is refused while an endpoint reconciler runs
    "--endpoint-reconciler-type=none",
  ];
}
