// What a Go program is made of, as it says itself: its modules, and Go's standard library.
import { z } from "zod";
import { runCommand } from "../../local/command.ts";
import type { Component } from "./component.ts";
import { readLicenceFiles } from "./licence-files.ts";

export interface GoModule {
  readonly path: string;
  readonly version: string;
}

const downloadSchema = z.object({ Path: z.string(), Version: z.string(), Dir: z.string() });

/** The components of `program`, which was built from the module in the folder `source`. */
export async function goComponents({ program, source }: { program: string; source: string }): Promise<Component[]> {
  const { goVersion, modules } = parseBuildInfo((await runCommand(["go", "version", "-m", program])).stdout);
  const names = modules.map(({ path, version }) => `${path}@${version}`);
  // from the module cache; a program out of a cache may have been built where that was another one
  const downloaded = await runCommand(["go", "mod", "download", "-json", ...names], {
    cwd: source,
    timeoutMs: 300_000,
  });
  const goRoot = (await runCommand(["go", "env", "GOROOT"])).stdout.trim();
  const purl = `pkg:golang/stdlib@${goVersion}`;
  const library = { name: "stdlib of Go", version: goVersion, purl, license: "BSD-3-Clause" };
  return [
    { ...library, texts: readLicenceFiles(goRoot) },
    ...parseDownloads(downloaded.stdout).map(({ Path: name, Version: version, Dir: folder }) => ({
      name,
      version,
      purl: `pkg:golang/${name}@${version}`,
      texts: readLicenceFiles(folder),
    })),
  ];
}

/** What `go version -m` says: a replaced module is followed by the one that was really taken. */
export function parseBuildInfo(said: string): { readonly goVersion: string; readonly modules: GoModule[] } {
  const goVersion = /: go(\S+)/.exec(said)?.[1];
  if (goVersion === undefined) throw new Error(`cannot read what go says of a program: ${said.slice(0, 200)}`);
  const modules: GoModule[] = [];
  for (const line of said.split("\n")) {
    const [, kind, path, version] = line.split("\t");
    if (path === undefined || version === undefined) continue;
    if (kind === "=>") modules.pop();
    if (kind === "=>" || kind === "dep" || kind === "mod") modules.push({ path, version });
  }
  return { goVersion, modules };
}

// one JSON object after the other
function parseDownloads(said: string): z.infer<typeof downloadSchema>[] {
  return z.array(downloadSchema).parse(JSON.parse(`[${said.trim().replaceAll(/\}\s*\{/g, "},{")}]`));
}
