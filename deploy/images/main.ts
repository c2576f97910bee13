// `npm run images`: makes dist/images and tells what came out. SOURCE_DATE_EPOCH is the time of the images, 1970 otherwise
// (https://reproducible-builds.org/specs/source-date-epoch/).
import { resolve } from "node:path";
import { buildImages } from "./build-images.ts";
import { parseEpoch } from "./parse-epoch.ts";
import { renderSizes } from "./render-sizes.ts";

const root = resolve(import.meta.dirname, "../..");
const createdSeconds = parseEpoch(process.env["SOURCE_DATE_EPOCH"]);
const images = await buildImages({ root, output: resolve(root, "dist/images"), createdSeconds });
process.stdout.write(renderSizes(images));
