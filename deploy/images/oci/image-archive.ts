// An image as one file: the OCI image layout (OCI image specification v1.1, image-layout.md) in a tar, which containerd
// (`ctr -n k8s.io images import`), podman, skopeo and docker read. Equal input gives equal bytes.
import { type Blob, type Layer, makeBlob } from "./layer.ts";
import { writeTar } from "./tar.ts";

/** How a container of the image starts; fields as in the specification's config.md. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Numbers, "uid" or "uid:gid": there is no /etc/passwd. */
  readonly user?: string;
  readonly workingDir?: string;
}

export interface ImageOptions {
  /** Name and tag, "mqtap-agent:0.1.0" or "registry.example/mqtap-agent:0.1.0". */
  readonly name: string;
  readonly architecture: "amd64" | "arm64";
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
  /** The time of the image and of all in the archive. */
  readonly createdSeconds: number;
}

/** The archive, and the digest by which registries and containerd know the image. */
export function makeImageArchive(options: ImageOptions): { readonly archive: Uint8Array; readonly digest: string } {
  const { name, architecture, layers, createdSeconds } = options;
  const config = makeConfig(options);
  const manifest = makeJsonBlob("application/vnd.oci.image.manifest.v1+json", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      { ...manifest.descriptor, platform: { architecture, os: "linux" }, annotations: nameAnnotations(name) },
    ],
  };
  const blobs = new Map([config, manifest, ...layers].map((blob) => [blob.descriptor.digest, blob.content]));
  const file = (path: string, content: Uint8Array) => ({ kind: "file", path, mode: 0o644, content }) as const;
  const folder = (path: string) => ({ kind: "folder", path, mode: 0o755 }) as const;
  const entries = [
    file("oci-layout", json({ imageLayoutVersion: "1.0.0" })),
    file("index.json", json(index)),
    folder("blobs"),
    folder("blobs/sha256"),
    ...[...blobs].map(([digest, content]) => file(`blobs/${digest.replace(":", "/")}`, content)),
  ];
  return { archive: writeTar(entries, { mtimeSeconds: createdSeconds }), digest: manifest.descriptor.digest };
}

function makeConfig({ architecture, config, layers, createdSeconds }: ImageOptions): Blob {
  const created = new Date(createdSeconds * 1000).toISOString().replace(".000Z", "Z");
  return makeJsonBlob("application/vnd.oci.image.config.v1+json", {
    created,
    architecture,
    os: "linux",
    config: {
      ...(config.user === undefined ? {} : { User: config.user }),
      ...(config.env === undefined ? {} : { Env: config.env }),
      Entrypoint: config.entrypoint,
      ...(config.cmd === undefined ? {} : { Cmd: config.cmd }),
      ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
      ...(config.labels === undefined ? {} : { Labels: config.labels }),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created, created_by: "mqtap" })),
  });
}

/**
 * containerd names the image by its own annotation, others by the specification's (annotations.md). Kubelet asks for
 * "mqtap-agent:0.1.0" under the name that docker made the full one, so that is what containerd must know it by.
 */
function nameAnnotations(name: string): Record<string, string> {
  return {
    "io.containerd.image.name": fullName(name),
    "org.opencontainers.image.ref.name": tagOf(name),
  };
}

/** The name with registry and path, as github.com/distribution/reference completes it. @throws TypeError without a tag */
export function fullName(name: string): string {
  tagOf(name);
  const [first = "", ...rest] = name.split("/");
  const isRegistry = rest.length > 0 && (first.includes(".") || first.includes(":") || first === "localhost");
  if (isRegistry) return name;
  return rest.length === 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
}

function tagOf(name: string): string {
  const tag = /^[^@]*[^@/:]:([\w][\w.-]{0,127})$/.exec(name)?.[1];
  if (tag === undefined) throw new TypeError(`cannot name an image "${name}": it has no tag`);
  return tag;
}

function makeJsonBlob(mediaType: string, value: unknown): Blob {
  return makeBlob(mediaType, json(value));
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
