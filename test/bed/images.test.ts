// The images that `npm run images` made, under kubelet and containerd: imported under the names that manifests use, and started
// with as little as a restricted pod has.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startBed } from "../../deploy/local/bed/start-bed.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import type { Manifest } from "../../deploy/local/story/virtual-machine.ts";
import { apply } from "./pods.ts";

const root = resolve(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** Image -> the first line of its help. The agent's own user is root; the installation says so, and so does its pod. */
const helps = {
  "mqtap-controller": "mqtap controller: renders NodeNetworkConfigs",
  "mqtap-agent": "mqtap agent: brings one node",
  "mqtap-hook": "Usage of /sidecar-shim:",
};

function helpPod(image: string): Manifest {
  const isRoot = image === "mqtap-agent";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: image },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: !isRoot, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image: `${image}:${version}`,
          imagePullPolicy: "IfNotPresent",
          args: ["--help"],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}

describe("the images on a node", () => {
  let bed: Bed;
  before(async () => {
    const images = Object.keys(helps).map((name) => join(root, `dist/images/${name}.tar`));
    bed = await startBed({ layout: layoutOfCheckout(), nodes: [{ name: "node1", hasTuntapSysctl: false }], images });
    await apply(bed, ...Object.keys(helps).map(helpPod));
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  for (const [image, help] of Object.entries(helps)) {
    it(`runs ${image} with a read-only root, no capability, and as the image's user`, async () => {
      const wait = ["wait", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s", `pod/${image}`];
      await bed.kubectl(wait, { timeoutMs: 70_000 }).catch(async (error) => {
        console.error(await bed.kubectl(["describe", `pod/${image}`]));
        throw error;
      });
      const said = await bed.kubectl(["logs", image]);
      assert.ok(said.startsWith(help), said);
    });
  }
});
