// Where the demo and the end-to-end tests find what the build made, and what they apply.
import path from "node:path";

/** Absolute paths of one checkout. */
export interface Layout {
  readonly root: string;
  /** etcd, kube-apiserver, kubectl, cnitool and the CNI project's own plugins. */
  readonly binDir: string;
  /** mqtap, controller.mjs, agent.mjs. */
  readonly distDir: string;
  /** What `kubectl apply -k` takes: mqtap, whole. */
  readonly overlay: string;
  readonly kubevirtStandIn: string;
  /** The Node.js that runs the operator's bundles. */
  readonly node: string;
}

/** The layout of this checkout. Set-up puts links to the components into dist/components, or names another directory. */
export function layoutOfCheckout(): Layout {
  const root = path.resolve(import.meta.dirname, "../../..");
  return {
    root,
    binDir: process.env["MQTAP_COMPONENTS"] ?? path.join(root, "dist/components"),
    distDir: path.join(root, "dist"),
    overlay: path.join(root, "deploy/overlays/default"),
    kubevirtStandIn: path.join(root, "deploy/local/kubevirt-stand-in"),
    node: process.execPath,
  };
}
