// What is in the images, against what the Dockerfiles say, and against what we want in them at all.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { imageDefinitions } from "../../deploy/images/image-definitions.ts";
import { readTree } from "../../deploy/images/oci/read-tree.ts";
import type { TarEntry } from "../../deploy/images/oci/tar.ts";
import { parseDockerfile } from "./dockerfile.ts";
import { archiveOf, type OpenedImage, openImage, unpackImage } from "./open-image.ts";

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const libraries = ["atomic.so.1", "c.so.6", "dl.so.2", "gcc_s.so.1", "m.so.6", "pthread.so.0", "stdc++.so.6"];
const runtime = [
  "usr/bin/node",
  "lib64/ld-linux-x86-64.so.2",
  ...libraries.map((name) => `lib/x86_64-linux-gnu/lib${name}`),
];
/** Every file, by image: no shell, no package manager, nothing that nobody asked for. */
const files: Record<string, readonly string[]> = {
  "mqtap-controller": [...runtime, "app/controller.mjs", "app/NOTICES"],
  "mqtap-agent": [...runtime, "app/agent.mjs", "app/mqtap", "app/NOTICES"],
  "mqtap-hook": ["sidecar-shim", "usr/bin/onDefineDomain", "NOTICES"],
};
const images = new Map<string, OpenedImage>();
const image = (name: string) => {
  const found = images.get(name) ?? openImage(archiveOf(name));
  images.set(name, found);
  return found;
};

/** Path, mode and digest of each file. */
function fingerprints(entries: readonly TarEntry[]): string[] {
  const lines = entries.flatMap((entry) => {
    if (entry.kind !== "file") return [];
    const digest = createHash("sha256").update(entry.content).digest("hex");
    return [`${entry.path} ${entry.mode.toString(8)} ${digest}`];
  });
  return lines.toSorted();
}

test("there is a definition for each image that is tested here, and no other", () => {
  assert.deepEqual(
    imageDefinitions(version)
      .map(({ name }) => name)
      .toSorted(),
    Object.keys(files).toSorted(),
  );
});

for (const [name, wanted] of Object.entries(files)) {
  describe(name, () => {
    const dockerfile = () => parseDockerfile(readFileSync(join(root, `deploy/images/${name}.Dockerfile`), "utf8"));

    test("holds these files and no others", () => {
      const found = image(name).files.filter(({ kind }) => kind !== "d");
      assert.deepEqual(found.map(({ path }) => path).toSorted(), wanted.toSorted());
    });

    test("belongs to root, at the time 0, and nobody but root may write to it; nothing is setuid", () => {
      for (const { path, kind, mode, owner, time } of image(name).files) {
        assert.deepEqual({ path, owner, time }, { path, owner: "0/0", time: "1970-01-01 00:00:00" });
        assert.match(`${kind}${mode}`, /^(?:drwxr-xr-x|-rw-r--r--|-rwxr-xr-x)$/, path);
      }
    });

    test("starts as the Dockerfile says, which begins from nothing", () => {
      assert.equal(dockerfile().from, "scratch");
      assert.deepEqual(image(name).config, dockerfile().config);
      const labels = image(name).config["Labels"];
      assert.equal(Object(labels)["org.opencontainers.image.version"], version, "the version in package.json");
    });

    test("holds what the Dockerfile copies, byte for byte", () => {
      const copied = dockerfile().copied.flatMap((folder) => readTree(join(root, "dist/images", folder)));
      const unpacked = mkdtempSync(join(tmpdir(), "mqtap-contents-"));
      try {
        unpackImage(archiveOf(name), unpacked);
        assert.deepEqual(fingerprints(readTree(unpacked)), fingerprints(copied));
      } finally {
        rmSync(unpacked, { recursive: true });
      }
    });

    test("is imported under the name that kubelet asks for", () => {
      assert.equal(image(name).annotations["io.containerd.image.name"], `docker.io/library/${name}:${version}`);
    });
  });
}

test("controller and agent share the layer with Node.js", () => {
  assert.equal(image("mqtap-controller").layers[0], image("mqtap-agent").layers[0]);
});
