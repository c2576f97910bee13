import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { type ElfNeeds, findLibraries, libraryFolders, parseElfNeeds } from "./libraries.ts";

test("parseElfNeeds() reads what readelf says", () => {
  const said = [
    "      [Requesting program interpreter: /lib64/ld-linux-x86-64.so.2]",
    " 0x0000000000000001 (NEEDED)             Shared library: [libm.so.6]",
    " 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]",
    " 0x000000000000000e (SONAME)             Library soname: [libx.so.1]",
  ];
  const wanted = { interpreter: "/lib64/ld-linux-x86-64.so.2", needed: ["libm.so.6", "libc.so.6"] };
  assert.deepEqual(parseElfNeeds(said.join("\n")), wanted);
  assert.deepEqual(parseElfNeeds("There is no dynamic section in this file."), { needed: [] });
});

describe("findLibraries()", () => {
  const needs: Record<string, ElfNeeds> = {
    "/bin/p": { interpreter: "/lib64/ld.so", needed: ["liba.so", "ld.so"] },
    "/r/lib/t/liba.so": { needed: ["libb.so", "ld.so"] },
    "/r/usr/lib/t/libb.so": { needed: ["liba.so"] },
  };
  const find = (program: string, exists: (file: string) => boolean) =>
    findLibraries({
      program,
      folders: libraryFolders("t"),
      sysroot: "/r",
      readNeeds: async (file) => needs[file] ?? { needed: [] },
      exists,
    });

  test("follows the libraries' own needs, in a circle too, and takes the loader along", async () => {
    assert.deepEqual(await find("/bin/p", (file) => file in needs), [
      { path: "/lib/t/liba.so", file: "/r/lib/t/liba.so" },
      { path: "/lib64/ld.so", file: "/r/lib64/ld.so" },
      { path: "/usr/lib/t/libb.so", file: "/r/usr/lib/t/libb.so" },
    ]);
  });

  test("names the library that is missing", async () => {
    const message = 'cannot find "liba.so", which "/bin/p" needs, in /lib/t, /usr/lib/t';
    await assert.rejects(
      find("/bin/p", () => false),
      { message },
    );
  });

  test("refuses a static program", async () => {
    await assert.rejects(
      find("/bin/static", () => true),
      /it names no loader/,
    );
  });

  test("finds for Node.js what the machine's own loader finds", async () => {
    const folders = libraryFolders("x86_64-linux-gnu");
    const found = await findLibraries({ program: process.execPath, folders });
    const said = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
    const loaded = [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path);
    assert.deepEqual(found.map(({ path }) => path).toSorted(), loaded.toSorted());
  });
});
