// A kubeconfig for one user of the embedded control plane. JSON is YAML, so no YAML writer is needed.

/** What a client needs to speak to an API server with a bearer token. */
export interface KubeconfigOptions {
  readonly server: string;
  readonly caFile: string;
  readonly user: string;
  readonly token: string;
  readonly namespace?: string;
}

/** The text of a kubeconfig file; holds the token, so write it with mode 0600. */
export function renderKubeconfig({ server, caFile, user, token, namespace }: KubeconfigOptions): string {
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "local", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: user, context: { cluster: "local", user, ...(namespace === undefined ? {} : { namespace }) } }],
    "current-context": user,
  };
  return `${JSON.stringify(kubeconfig, undefined, 2)}\n`;
}
