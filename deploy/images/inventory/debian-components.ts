// Files that Debian's packages put on this machine and that go into an image, or into a static binary: dpkg says whose
// they are, the packages' copyright files what holds for them.
import { readFileSync, realpathSync } from "node:fs";
import { runCommand } from "../../local/command.ts";
import type { Component, LicenceText } from "./component.ts";

/** The packages that own these files. @throws Error for a file that no package owns */
export async function debianComponents(files: readonly string[]): Promise<Component[]> {
  const names = await Promise.all(files.map(owner));
  return Promise.all([...new Set(names)].toSorted().map(component));
}

/** dpkg knows a file by the name it had in the package: before or after /lib became a link to /usr/lib. */
async function owner(file: string): Promise<string> {
  const real = realpathSync(file);
  const candidates = [...new Set([file, real, real.replace(/^\/usr\//, "/"), `/usr${file}`])];
  const { stdout } = await runCommand(["dpkg-query", "--search", ...candidates], { allowFailure: true });
  const name = /^([^\s,]+): /m.exec(stdout)?.[1];
  if (name === undefined)
    throw new Error(`cannot tell whose "${file}" is: images are assembled on Debian, from its packages`);
  return name;
}

async function component(owner: string): Promise<Component> {
  const format = "$" + "{Package} $" + "{Version} $" + "{Architecture} $" + "{source:Package} $" + "{source:Version}";
  const { stdout } = await runCommand(["dpkg-query", "--show", `--showformat=${format}`, owner]);
  const [name = "", version = "", architecture = "", source = "", sourceVersion = ""] = stdout.split(" ");
  const upstream = encodeURIComponent(`${source}@${sourceVersion}`);
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&upstream=${upstream}`;
  return { name, version, purl, texts: copyrightTexts(name) };
}

/** The package's copyright file, and the texts that it says lie in a folder every Debian system has. */
function copyrightTexts(name: string): LicenceText[] {
  const text = readFileSync(`/usr/share/doc/${name}/copyright`, "utf8");
  const referred = [...text.matchAll(/\/usr\/share\/common-licenses\/([\w.+-]*\w)/g)].map(
    ([, licence = ""]) => licence,
  );
  const common = [...new Set(referred)].toSorted().map((licence) => ({
    name: `common-licenses/${licence}`,
    text: readFileSync(`/usr/share/common-licenses/${licence}`, "utf8"),
  }));
  return [{ name: `${name}/copyright`, text }, ...common];
}
