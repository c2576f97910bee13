// What is linked into the static plugin besides its own code: crates, the engine that one of them carries along, and
// Rust's standard library.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { runCommand } from "../../local/command.ts";
import type { Component, LicenceText } from "./component.ts";
import { readLicenceFiles } from "./licence-files.ts";

const metadataSchema = z.object({
  packages: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      license: z.string().nullable(),
      repository: z.string().nullable(),
      source: z.string().nullable(),
      manifest_path: z.string(),
    }),
  ),
});
type Crate = z.infer<typeof metadataSchema>["packages"][number];

/** The crates that the host's binary for `target` is linked from, without those that only its build runs. */
export async function cargoComponents(host: string, target: string): Promise<Component[]> {
  const metadata = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target];
  const { packages } = metadataSchema.parse(JSON.parse((await runCommand(metadata, { cwd: host })).stdout));
  const kinds = ["-e", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
  const tree = await runCommand(["cargo", "tree", "--locked", "--target", target, ...kinds], { cwd: host });
  // "libc v0.2.186", and the folder behind it for what is ours
  const linked = new Set(tree.stdout.split("\n").map((line) => line.split(" ").slice(0, 2).join(" ")));
  const crates = packages.filter(({ name, version, source }) => source !== null && linked.has(`${name} v${version}`));
  return crates.flatMap((crate) => [crateComponent(crate, crates), ...carriedAlong(crate)]);
}

function crateComponent(crate: Crate, all: readonly Crate[]): Component {
  const { name, version, license } = crate;
  return {
    name,
    version,
    purl: `pkg:cargo/${name}@${version}`,
    ...(license === null ? {} : { license: license.replaceAll("/", " OR ") }),
    texts: crateTexts(crate, all),
  };
}

/** Crates of one repository often keep the licence in the first of them alone. */
function crateTexts(crate: Crate, all: readonly Crate[]): LicenceText[] {
  const kin = all.filter(({ repository }) => repository !== null && repository === crate.repository);
  const texts = [crate, ...kin].map((one) => readLicenceFiles(dirname(one.manifest_path)));
  return texts.find((found) => found.length > 0) ?? [];
}

/** rquickjs-sys compiles the sources of QuickJS-ng that lie in it. */
function carriedAlong({ name, manifest_path: manifest }: Crate): Component[] {
  if (name !== "rquickjs-sys") return [];
  const folder = join(dirname(manifest), "quickjs");
  const header = readFileSync(join(folder, "quickjs.h"), "utf8");
  const numbers = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`#define QJS_VERSION_${part} (\\d+)`).exec(header)?.[1] ?? "",
  );
  const version = numbers.join(".");
  const texts = readLicenceFiles(folder);
  return [{ name: "quickjs-ng", version, purl: `pkg:generic/quickjs-ng@${version}`, license: "MIT", texts }];
}

/** Rust's standard library, with the notices that rustc's own distribution has for it. @throws Error where they are missing */
export async function rustLibraryComponent(): Promise<Component> {
  const { stdout } = await runCommand(["rustc", "--version"]);
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim();
  const sysroot = (await runCommand(["rustc", "--print", "sysroot"])).stdout.trim();
  const file = join(sysroot, "share/doc/rust/COPYRIGHT-library.html");
  if (!existsSync(file)) throw new Error(`cannot find the notices of Rust's library in "${file}": use rustup's rustc`);
  const texts = [{ name: "COPYRIGHT-library", text: textOf(readFileSync(file, "utf8")) }];
  return { name: "rust-std", version, purl: `pkg:generic/rust-std@${version}`, license: "MIT OR Apache-2.0", texts };
}

const characters: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#34": '"',
  "#39": "'",
  "#x27": "'",
};

function textOf(html: string): string {
  const body = html.replace(/<head>[\s\S]*?<\/head>/, "").replace(/<[^>]*>/g, "");
  const text = body.replace(/&(#?\w+);/g, (found, name: string) => characters[name] ?? found);
  return text
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
