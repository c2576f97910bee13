// What an administrator gets of a release of mqtap: images, the plugin in them, what `kubectl apply -k` takes.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Layout } from "../../story/layout.ts";

export interface Release {
  readonly version: string;
  /** Archives of the images. */
  readonly images: readonly string[];
  /** What `kubectl apply -k` takes. */
  readonly overlay: string;
  /** Of the plugin, lower-case hex. */
  readonly pluginSha256: string;
}

/** The release that `npm run images` made of a checkout. */
export function releaseOf({ root, distDir, overlay }: Pick<Layout, "root" | "distDir" | "overlay">): Release {
  const { version }: { version: string } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const images = ["mqtap-controller", "mqtap-agent", "mqtap-hook"];
  return {
    version,
    images: images.map((name) => path.join(distDir, "images", `${name}.tar`)),
    overlay,
    pluginSha256: createHash("sha256")
      .update(readFileSync(path.join(distDir, "mqtap")))
      .digest("hex"),
  };
}
