// The command lines of etcd and kube-apiserver when they serve one machine alone, on loopback, with throw-away data; or a
// network of their own with kubelets in it.

/** Where the parts of one control plane are. */
export interface ControlPlaneLayout {
  readonly binDir: string;
  readonly directory: string;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiPort: number;
  /** The address that nodes know the API server by; without it nothing but loopback is listened on. */
  readonly address?: string;
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
export function apiServerArgv(layout: ControlPlaneLayout): readonly string[] {
  const { binDir, directory, etcdPort, apiPort } = layout;
  return [
    `${binDir}/kube-apiserver`,
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--secure-port=${apiPort}`,
    `--cert-dir=${directory}/serving`,
    `--token-auth-file=${directory}/tokens.csv`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${directory}/service-account.pub`,
    `--service-account-signing-key-file=${directory}/service-account.key`,
    "--service-cluster-ip-range=10.96.0.0/24",
    "--allow-privileged=true",
    ...networkFlags(layout),
  ];
}

function networkFlags({ address }: ControlPlaneLayout): readonly string[] {
  if (address === undefined) {
    // since 1.37 a loopback advertise address is refused while an endpoint reconciler runs
    return ["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"];
  }
  return [
    "--bind-address=0.0.0.0",
    `--advertise-address=${address}`,
    "--enable-admission-plugins=NodeRestriction",
    "--kubelet-preferred-address-types=InternalIP",
  ];
}
