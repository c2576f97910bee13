import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { readTree } from "./read-tree.ts";
import { type TarEntry, writeTar } from "./tar.ts";

const scratch = mkdtempSync(join(tmpdir(), "mqtap-tar-"));
after(() => rmSync(scratch, { recursive: true }));
const environment = { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC" };
const run = (args: readonly string[], input: Uint8Array) =>
  execFileSync("tar", args, { input, encoding: "utf8", env: environment, maxBuffer: 2 ** 26 });
/** What `tar -tvf` says, a line for each entry. */
const list = (tar: Uint8Array) =>
  run(["-tv", "--numeric-owner", "--full-time", "--quoting-style=literal", "--show-transformed-names"], tar)
    .split("\n")
    .filter((line) => line !== "");

/** The line that `tar -tvf` should say. */
function listing(entry: TarEntry, mtimeSeconds: number): string {
  const types = { file: "-", folder: "d", symlink: "l" };
  const mode = entry.kind === "symlink" ? 0o777 : entry.mode;
  const letters = [8, 7, 6, 5, 4, 3, 2, 1, 0].map((bit) => ((mode >> bit) & 1 ? "xwr"[bit % 3] : "-")).join("");
  const size = entry.kind === "file" ? entry.content.length : 0;
  const time = new Date(mtimeSeconds * 1000).toISOString().slice(0, 19).replace("T", " ");
  const end = { file: "", folder: "/", symlink: entry.kind === "symlink" ? ` -> ${entry.target}` : "" }[entry.kind];
  return `${types[entry.kind]}${letters} 0/0 ${size} ${time} ${entry.path}${end}`;
}

const name = fc.string({ unit: fc.constantFrom(..."abcXYZ019._- é漢"), minLength: 1, maxLength: 60 });
const plainName = name.filter((text) => text.trim() === text && ![".", ".."].includes(text));
const path = fc.array(plainName, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
const mode = fc.integer({ min: 0, max: 0o777 });
const content = fc.oneof(
  fc.uint8Array({ maxLength: 1100 }),
  fc.constantFrom(0, 1, 511, 512, 513, 1024, 100_000).map((length) => new Uint8Array(length).fill(7)),
);
const entry = fc.oneof(
  fc.record({ kind: fc.constant("file" as const), path, mode, content }),
  fc.record({ kind: fc.constant("folder" as const), path, mode }),
  fc.record({ kind: fc.constant("symlink" as const), path, target: path }),
);
const mtimeSeconds = fc.integer({ min: 0, max: 4_000_000_000 });

describe("writeTar()", () => {
  test("writes what GNU tar lists, whatever the names, modes, lengths and times", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), mtimeSeconds, (entries, time) => {
        const wanted = entries.map((one) => listing(one, time));
        const found = list(writeTar(entries, { mtimeSeconds: time })).map((line) =>
          line.replace(/ +(\d+ \d{4}-)/, " $1"),
        );
        assert.deepEqual(found, wanted);
      }),
      { numRuns: 60 },
    );
  });

  test("writes what GNU tar unpacks to the same files", () => {
    const files = fc.uniqueArray(
      fc.record({
        kind: fc.constant("file" as const),
        path: fc.tuple(plainName, plainName, plainName).map((names) => names.join("/")),
        mode: fc.constantFrom(0o644, 0o755),
        content,
      }),
      { selector: ({ path: of }) => of.split("/")[0], maxLength: 8 },
    );
    fc.assert(
      fc.property(files, (entries) => {
        const folder = mkdtempSync(join(scratch, "unpacked-"));
        run(["-x", "-C", folder], writeTar(entries, { mtimeSeconds: 0 }));
        const found = readTree(folder).filter(({ kind }) => kind === "file");
        const sorted = (list: readonly TarEntry[]) =>
          list
            .map((one) => ({ ...one, content: one.kind === "file" ? Buffer.from(one.content).toString("hex") : "" }))
            .toSorted((a, b) => (a.path < b.path ? -1 : 1));
        assert.deepEqual(sorted(found), sorted(entries));
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 25 },
    );
    assert.deepEqual(readdirSync(scratch), []);
  });

  test("keeps a path at and over the 100 bytes of a header, with its pax length at each digit", () => {
    const lengths = [98, 99, 100, 101, 990, 991, 992, 993, 994];
    for (const length of lengths) {
      const long = `${"d/".repeat(length)}`.slice(0, length - 1).replace(/\/$/, "x");
      const entries: TarEntry[] = [
        { kind: "file", path: `${long}e`, mode: 0o600, content: new Uint8Array([1]) },
        { kind: "symlink", path: "link", target: long },
      ];
      const found = list(writeTar(entries, { mtimeSeconds: 0 })).map((line) => line.replace(/ +(\d+ \d{4}-)/, " $1"));
      assert.deepEqual(
        found,
        entries.map((one) => listing(one, 0)),
      );
    }
  });
});
