// An image's archive, read by tar alone: its config, the files of its layers, and a folder with all of them unpacked.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const archives = join(import.meta.dirname, "../../dist/images");
const maxBuffer = 2 ** 29;

export interface ImageFile {
  readonly path: string;
  readonly kind: string;
  readonly mode: string;
  readonly owner: string;
  readonly time: string;
  readonly size: number;
}

export interface OpenedImage {
  readonly digest: string;
  readonly architecture: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
  /** Digests of the layers, the lowest first. */
  readonly layers: readonly string[];
  readonly files: readonly ImageFile[];
}

/** The archive that `npm run images` made. */
export function archiveOf(name: string, folder: string = archives): string {
  return join(folder, `${name}.tar`);
}

/** Reads an archive. */
export function openImage(archive: string): OpenedImage {
  const [descriptor] = readJson(archive, "index.json").manifests;
  const manifest = readJson(archive, blobPath(descriptor.digest));
  const { architecture, config } = readJson(archive, blobPath(manifest.config.digest));
  const layers = manifest.layers.map(({ digest }: { digest: string }) => digest);
  const files = layers.flatMap((digest: string) => list(read(archive, blobPath(digest))));
  const { digest, annotations } = descriptor;
  return { digest, architecture, annotations, config, layers, files };
}

/** Unpacks the layers, one over the other, into a folder that exists. */
export function unpackImage(archive: string, folder: string): void {
  for (const digest of openImage(archive).layers) {
    execFileSync("tar", ["-xz", "-C", folder], { input: read(archive, blobPath(digest)) });
  }
}

function list(layer: Buffer): ImageFile[] {
  const args = ["-tvz", "--numeric-owner", "--full-time"];
  const env = { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC" };
  const lines = execFileSync("tar", args, { input: layer, encoding: "utf8", env }).trim().split("\n");
  return lines.map((line) => {
    const [letters = "", owner = "", size = "", day = "", time = "", ...path] = line.split(/ +/);
    const kind = letters.slice(0, 1);
    return { kind, mode: letters.slice(1), owner, size: Number(size), time: `${day} ${time}`, path: path.join(" ") };
  });
}

function readJson(archive: string, path: string) {
  return JSON.parse(read(archive, path).toString("utf8"));
}

function read(archive: string, path: string): Buffer {
  return execFileSync("tar", ["-xO", "-f", archive, path], { maxBuffer });
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}
