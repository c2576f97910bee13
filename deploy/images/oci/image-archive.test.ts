import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { z } from "zod";
import { fullName, type ImageOptions, makeImageArchive } from "./image-archive.ts";
import { makeLayer } from "./layer.ts";

const layer = (path: string) =>
  makeLayer([{ kind: "file", path, mode: 0o755, content: Buffer.from(path) }], { mtimeSeconds: 0 });
const options: ImageOptions = {
  name: "mqtap-agent:0.1.0",
  architecture: "amd64",
  config: {
    entrypoint: ["/a", "--b"],
    cmd: ["c"],
    env: ["PATH=/usr/bin"],
    labels: { l: "v" },
    user: "65532:65532",
    workingDir: "/app",
  },
  layers: [layer("a"), layer("b")],
  createdSeconds: 0,
};
const read = (archive: Uint8Array, path: string) => execFileSync("tar", ["-xO", path], { input: archive });
const paths = (archive: Uint8Array) =>
  execFileSync("tar", ["-t"], { input: archive, encoding: "utf8" }).trim().split("\n");

// The fields that the OCI image specification v1.1 requires, and no others than it knows: image-layout.md,
// image-index.md, manifest.md, descriptor.md, config.md.
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const date = z.iso.datetime();
const descriptor = (mediaType: string) =>
  z.strictObject({ mediaType: z.literal(mediaType), digest, size: z.int().positive() });
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const layoutSchema = z.strictObject({ imageLayoutVersion: z.literal("1.0.0") });
const indexSchema = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal("application/vnd.oci.image.index.v1+json"),
  manifests: z.tuple([
    descriptor(manifestType).extend({
      platform: z.strictObject({ architecture: z.enum(["amd64", "arm64"]), os: z.literal("linux") }),
      annotations: z.record(z.string(), z.string()),
    }),
  ]),
});
const manifestSchema = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(manifestType),
  config: descriptor("application/vnd.oci.image.config.v1+json"),
  layers: z.array(descriptor("application/vnd.oci.image.layer.v1.tar+gzip")).min(1),
});
const words = z.array(z.string());
const configSchema = z.strictObject({
  created: date,
  architecture: z.enum(["amd64", "arm64"]),
  os: z.literal("linux"),
  config: z.strictObject({
    User: z.string().optional(),
    Env: z.array(z.string().regex(/^[^=]+=/)).optional(),
    Entrypoint: words,
    Cmd: words.optional(),
    WorkingDir: z.string().optional(),
    Labels: z.record(z.string(), z.string()).optional(),
  }),
  rootfs: z.strictObject({ type: z.literal("layers"), diff_ids: z.array(digest) }),
  history: z.array(z.strictObject({ created: date, created_by: z.string() })),
});

function open(archive: Uint8Array) {
  const json = (path: string) => JSON.parse(read(archive, path).toString("utf8"));
  const blob = (of: string) => json(`blobs/${of.replace(":", "/")}`);
  const index = indexSchema.parse(json("index.json"));
  const manifest = manifestSchema.parse(blob(index.manifests[0].digest));
  return {
    layout: layoutSchema.parse(json("oci-layout")),
    index,
    manifest,
    config: configSchema.parse(blob(manifest.config.digest)),
  };
}

describe("makeImageArchive()", () => {
  const made = makeImageArchive(options);

  test("has every field that the specification requires, and none that it does not know", () => {
    const { index, manifest, config } = open(made.archive);
    assert.equal(index.manifests[0].digest, made.digest);
    assert.deepEqual(index.manifests[0].annotations, {
      "io.containerd.image.name": "docker.io/library/mqtap-agent:0.1.0",
      "org.opencontainers.image.ref.name": "0.1.0",
    });
    assert.deepEqual(
      manifest.layers.map((one) => one.digest),
      options.layers.map((one) => one.descriptor.digest),
    );
    assert.deepEqual(config, {
      created: "1970-01-01T00:00:00Z",
      architecture: "amd64",
      os: "linux",
      config: {
        User: "65532:65532",
        Env: ["PATH=/usr/bin"],
        Entrypoint: ["/a", "--b"],
        Cmd: ["c"],
        WorkingDir: "/app",
        Labels: { l: "v" },
      },
      rootfs: { type: "layers", diff_ids: options.layers.map(({ diffId }) => diffId) },
      history: options.layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "mqtap" })),
    });
  });

  test("keeps each blob under its digest, with the size its descriptor says, and nothing else", () => {
    const { index, manifest } = open(made.archive);
    const descriptors = [index.manifests[0], manifest.config, ...manifest.layers];
    for (const { digest: of, size } of descriptors) {
      const content = read(made.archive, `blobs/${of.replace(":", "/")}`);
      assert.equal(`sha256:${createHash("sha256").update(content).digest("hex")}`, of);
      assert.equal(content.length, size);
    }
    const blobs = descriptors.map(({ digest: of }) => `blobs/${of.replace(":", "/")}`);
    const wanted = ["oci-layout", "index.json", "blobs/", "blobs/sha256/", ...blobs];
    assert.deepEqual(paths(made.archive).toSorted(), wanted.toSorted());
  });

  test("leaves out what is not given, and keeps a layer that is there twice once", () => {
    const one = layer("a");
    const { archive } = makeImageArchive({ ...options, config: { entrypoint: ["/a"] }, layers: [one, one] });
    const { manifest, config } = open(archive);
    assert.deepEqual(config.config, { Entrypoint: ["/a"] });
    assert.equal(manifest.layers.length, 2);
    assert.equal(paths(archive).length, 4 + 3);
  });

  test("makes the same bytes of the same input, and other bytes at another time", () => {
    assert.deepEqual(makeImageArchive(options), made);
    assert.notEqual(makeImageArchive({ ...options, createdSeconds: 1_795_900_000 }).digest, made.digest);
  });
});

describe("fullName()", () => {
  const cases: Record<string, string> = {
    "mqtap-agent:0.1.0": "docker.io/library/mqtap-agent:0.1.0",
    "mqtap/agent:0.1.0": "docker.io/mqtap/agent:0.1.0",
    "registry.example/mqtap-agent:0.1.0": "registry.example/mqtap-agent:0.1.0",
    "localhost/mqtap-agent:1": "localhost/mqtap-agent:1",
    "registry:5000/mqtap-agent:1": "registry:5000/mqtap-agent:1",
  };
  for (const [name, full] of Object.entries(cases))
    test(`${name} is ${full}`, () => assert.equal(fullName(name), full));
  for (const name of ["mqtap-agent", "registry:5000/mqtap-agent", "mqtap-agent:", "mqtap-agent@sha256:ab"]) {
    test(`refuses ${name}, which has no tag`, () => assert.throws(() => fullName(name), /it has no tag/));
  }
});
