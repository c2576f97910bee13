// The images: what each is called, how its containers start, and which parts lie in it. The Dockerfiles say the same once
// more for other builders; a test compares them.
import type { ImageConfig } from "./oci/image-archive.ts";

/** A folder that becomes a layer: Node.js with its libraries (in two images the same), or what is an image's own. */
export type PartName = "runtime" | ImageName;
export type ImageName = "mqtap-controller" | "mqtap-agent" | "mqtap-hook";

export interface ImageDefinition {
  readonly name: ImageName;
  /** Lowest layer first. */
  readonly parts: readonly PartName[];
  /** Where the licence texts lie. */
  readonly noticesPath: string;
  readonly config: ImageConfig;
}

/** Unprivileged and in no image's /etc/passwd: the number that distroless images use for "nonroot". */
const nonroot = "65532:65532";

/** As everything in a virt-launcher pod. */
const qemu = "107:107";

/**
 * An agent is small and mostly waits: its heap is swept before it grows (to half of the pod's limit, else), and V8's optimizing
 * compilers stay out. They would take 15 MB once some hundred pods have come, and win no time in a call.
 */
export const agentNodeFlags: readonly string[] = [
  "--max-old-space-size=48",
  "--max-semi-space-size=1",
  "--no-opt",
  "--no-maglev",
];

export function imageDefinitions(version: string): ImageDefinition[] {
  const labels = (title: string, description: string) => ({
    "org.opencontainers.image.title": title,
    "org.opencontainers.image.description": description,
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.licenses": "Apache-2.0",
  });
  return [
    {
      name: "mqtap-controller",
      parts: ["runtime", "mqtap-controller"],
      noticesPath: "app/NOTICES",
      config: {
        entrypoint: ["/usr/bin/node", "/app/controller.mjs"],
        labels: labels("mqtap-controller", "Renders what nodes allow: NodeNetworkConfig to NodeNetworkProfile"),
        user: nonroot,
      },
    },
    {
      name: "mqtap-agent",
      parts: ["runtime", "mqtap-agent"],
      noticesPath: "app/NOTICES",
      config: {
        entrypoint: ["/usr/bin/node", ...agentNodeFlags, "/app/agent.mjs"],
        labels: labels("mqtap-agent", "Applies a node's limit, sizes taps for the plugin, installs the plugin"),
        user: "0:0",
      },
    },
    {
      name: "mqtap-hook",
      parts: ["mqtap-hook"],
      noticesPath: "NOTICES",
      config: {
        // KubeVirt's binding has no field for arguments
        entrypoint: ["/sidecar-shim", "--version", "v1alpha3"],
        labels: labels("mqtap-hook", "KubeVirt's sidecar-shim with mqtap's OnDefineDomain hook"),
        user: qemu,
      },
    },
  ];
}
