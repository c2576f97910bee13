// The sizes of the images, as a registry or a node has them: packed, and as files.
import { join } from "node:path";
import { buildImages } from "../../deploy/images/build-images.ts";
import { parseEpoch } from "../../deploy/images/parse-epoch.ts";
import { amd64 } from "../../deploy/images/platform.ts";
import type { Layout } from "../../deploy/local/story/layout.ts";
import type { Figure } from "./statistics.ts";

/** Makes dist/images as `npm run images` does. */
export async function benchImageSizes({ root, distDir }: Layout): Promise<readonly Figure[]> {
  const images = await buildImages({
    root,
    platform: amd64(root),
    output: join(distDir, "images"),
    createdSeconds: parseEpoch(process.env["SOURCE_DATE_EPOCH"]),
  });
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return images.map(({ name, archiveBytes, fileBytes }) => ({
    what: `image ${name}, packed (unpacked), MB`,
    mqtap: `${mb(archiveBytes)} (${mb(fileBytes)})`,
    peer: "",
    ratio: "",
    wanted: "",
    isMet: undefined,
  }));
}
