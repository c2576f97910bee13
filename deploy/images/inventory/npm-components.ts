// npm packages inside the bundles: which ones the bundler's list of inputs tells, what they are `npm sbom` tells.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { runCommand } from "../../local/command.ts";
import type { Component } from "./component.ts";
import { readLicenceFiles } from "./licence-files.ts";

const manifestSchema = z.object({ name: z.string(), version: z.string() });
const license = z.union([
  z.object({ license: z.object({ id: z.string() }) }).transform(({ license: { id } }) => id),
  z.object({ expression: z.string() }).transform(({ expression }) => expression),
]);
/** What is read of the CycloneDX document that npm writes. */
const sbomSchema = z.object({
  components: z.array(z.object({ "bom-ref": z.string(), purl: z.string(), licenses: z.array(license).optional() })),
});
export type NpmSbom = z.infer<typeof sbomSchema>;

/** All that the lockfile pins, as npm describes it. */
export async function readNpmSbom(root: string): Promise<NpmSbom> {
  const argv = ["npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
  const { stdout } = await runCommand(argv, { cwd: root });
  return sbomSchema.parse(JSON.parse(stdout));
}

/** The packages' folders that a bundler's inputs lie in, as paths from the checkout's root. */
export function packageFolders(inputs: readonly string[]): string[] {
  const folders = inputs.map((input) => /^(?:\.\.\/)*(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
}

/** The components in these folders. @throws Error for a package that the lockfile does not pin */
export function npmComponents({
  root,
  folders,
  sbom,
}: {
  readonly root: string;
  readonly folders: readonly string[];
  readonly sbom: NpmSbom;
}): Component[] {
  return folders.map((folder) => {
    const { name, version } = manifestSchema.parse(
      JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")),
    );
    const pinned = sbom.components.find((component) => component["bom-ref"] === `${name}@${version}`);
    if (pinned === undefined) throw new Error(`cannot describe "${folder}": ${name} ${version} is not in the lockfile`);
    const [spdx] = pinned.licenses ?? [];
    const texts = readLicenceFiles(join(root, folder));
    return { name, version, purl: pinned.purl, ...(spdx === undefined ? {} : { license: spdx }), texts };
  });
}

/** Node.js, from the folder of the npm package that carries it; vulnerability databases know it by another name. */
export function nodeComponent(folder: string): Component {
  const { name, version } = manifestSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  return {
    name,
    version,
    purl: `pkg:npm/${name}@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    license: "MIT",
    texts: readLicenceFiles(folder),
  };
}
