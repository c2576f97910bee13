// Files of Debian's packages that go into an image, or into a static binary: dpkg says whose they are, the packages' copyright
// files what holds for them. They are this machine's, or lie in a root of their own with a dpkg database.
import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { runCommand } from "../../local/command.ts";
import type { Component, LicenceText } from "./component.ts";

/** The packages that own these files of `sysroot`. @throws Error for a file that no package owns */
export async function debianComponents(files: readonly string[], sysroot = "/"): Promise<Component[]> {
  const names = await Promise.all(files.map((file) => owner(file, sysroot)));
  return Promise.all([...new Set(names)].toSorted().map((name) => component(name, sysroot)));
}

/** dpkg knows a file by the name it had in the package: before or after /lib became a link to /usr/lib. */
async function owner(file: string, sysroot: string): Promise<string> {
  const inRoot = (path: string) => join("/", path.slice(realpathSync(sysroot).length));
  const paths = [join(realpathSync(dirname(file)), basename(file)), realpathSync(file)].map(inRoot);
  const candidates = paths.flatMap((path) => [path, path.replace(/^\/usr\//, "/"), `/usr${path}`]);
  const argv = ["dpkg-query", database(sysroot), "--search", ...new Set(candidates)];
  const { stdout } = await runCommand(argv, { allowFailure: true });
  const name = /^([^\s,]+): /m.exec(stdout)?.[1];
  if (name === undefined) {
    throw new Error(`cannot tell whose "${file}" is: images are assembled on Debian, from its packages`);
  }
  return name;
}

async function component(owner: string, sysroot: string): Promise<Component> {
  const fields = ["Package", "Version", "Architecture", "source:Package", "source:Version"];
  const format = fields.map((field) => `\${${field}}`).join(" ");
  const argv = ["dpkg-query", database(sysroot), "--show", `--showformat=${format}`, owner];
  const { stdout } = await runCommand(argv);
  const [name = "", version = "", architecture = "", source = "", sourceVersion = ""] = stdout.split(" ");
  const upstream = encodeURIComponent(`${source}@${sourceVersion}`);
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&upstream=${upstream}`;
  return { name, version, purl, texts: copyrightTexts(name, sysroot) };
}

function database(sysroot: string): string {
  return `--admindir=${join(sysroot, "var/lib/dpkg")}`;
}

/** The package's copyright file, and the texts that it says lie in a folder every Debian system has. */
function copyrightTexts(name: string, sysroot: string): LicenceText[] {
  const text = readFileSync(join(sysroot, "usr/share/doc", name, "copyright"), "utf8");
  const referred = [...text.matchAll(/\/usr\/share\/common-licenses\/([\w.+-]*\w)/g)].map(
    ([, licence = ""]) => licence,
  );
  const common = [...new Set(referred)].toSorted().map((licence) => ({
    name: `common-licenses/${licence}`,
    text: readFileSync(`/usr/share/common-licenses/${licence}`, "utf8"),
  }));
  return [{ name: `${name}/copyright`, text }, ...common];
}
