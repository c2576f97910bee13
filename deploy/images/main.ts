// `npm run images`: makes dist/images and tells what came out. With --arm64=FOLDER, where the tools for it are, dist/arm64/images.
// SOURCE_DATE_EPOCH is the time of the images, 1970 otherwise (https://reproducible-builds.org/specs/source-date-epoch/).
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildImages } from "./build-images.ts";
import { parseEpoch } from "./parse-epoch.ts";
import { amd64, arm64 } from "./platform.ts";
import { renderSizes } from "./render-sizes.ts";

const root = resolve(import.meta.dirname, "../..");
const { values } = parseArgs({ options: { arm64: { type: "string" } } });
const images = await buildImages({
  root,
  platform: values.arm64 === undefined ? amd64(root) : arm64(root, values.arm64),
  output: resolve(root, values.arm64 === undefined ? "dist/images" : "dist/arm64/images"),
  createdSeconds: parseEpoch(process.env["SOURCE_DATE_EPOCH"]),
});
process.stdout.write(renderSizes(images));
