import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { debianComponents } from "./debian-components.ts";

const root = mkdtempSync(join(tmpdir(), "mqtap-debian-"));
after(() => rmSync(root, { recursive: true }));

/** A root with one package, as dpkg keeps it. */
function makeRoot(): void {
  for (const folder of ["var/lib/dpkg/info", "usr/share/doc/libx1", "lib"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const control = [
    "Package: libx1",
    "Architecture: arm64",
    "Multi-Arch: same",
    "Version: 1:2.0+b1",
    "Source: x (1:2.0)",
  ];
  const status = [...control, "Maintainer: x", "Description: x", "Status: install ok installed", ""];
  writeFileSync(join(root, "var/lib/dpkg/status"), status.join("\n"));
  writeFileSync(join(root, "var/lib/dpkg/info/format"), "1\n");
  writeFileSync(join(root, "var/lib/dpkg/info/libx1:arm64.list"), "/.\n/lib\n/lib/libx.so.1\n");
  writeFileSync(join(root, "usr/share/doc/libx1/copyright"), "See /usr/share/common-licenses/GPL-3.\n");
  writeFileSync(join(root, "lib/libx.so.1"), "");
  writeFileSync(join(root, "lib/libstray.so.1"), "");
}

describe("debianComponents()", () => {
  makeRoot();

  test("names the package in another root, its source, and the licences that its copyright file refers to", async () => {
    const [found, ...others] = await debianComponents([join(root, "lib/libx.so.1")], root);
    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...found, texts: found?.texts.map(({ name }) => name) },
      {
        name: "libx1",
        version: "1:2.0+b1",
        purl: "pkg:deb/debian/libx1@1%3A2.0%2Bb1?arch=arm64&upstream=x%401%3A2.0",
        texts: ["libx1/copyright", "common-licenses/GPL-3"],
      },
    );
  });

  test("names a package of this machine once, by whichever path its files are reached", async () => {
    const files = [
      "/lib/x86_64-linux-gnu/libc.so.6",
      "/usr/lib/x86_64-linux-gnu/libc.so.6",
      "/lib64/ld-linux-x86-64.so.2",
    ];
    const found = await debianComponents(files);
    assert.deepEqual(
      found.map(({ name }) => name),
      ["libc6"],
    );
    assert.match(found[0]?.texts[0]?.text ?? "", /GNU C Library/);
  });

  test("refuses a file that no package brought", async () => {
    await assert.rejects(
      debianComponents([join(root, "lib/libstray.so.1")], root),
      /cannot tell whose .*libstray\.so\.1/,
    );
  });
});
