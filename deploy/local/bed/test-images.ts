// The images that the bed itself brings along: every sandbox's pause, and one for tests' pods, with a shell (busybox) and a
// program that holds queues of a tap.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeImageArchive } from "../../images/oci/image-archive.ts";
import { makeLayer } from "../../images/oci/layer.ts";
import type { TarEntry } from "../../images/oci/tar.ts";
import { pauseImage } from "./node-config.ts";

/** For tests' pods: /bin/busybox under the names of its applets below, /bin/hold-queues. */
export const testImage = "mqtap.io/bed/test:1";

const applets = ["cat", "grep", "head", "ip", "ls", "nc", "ping", "sh", "sleep", "test", "touch", "true", "wget"];

/** Writes both archives to `directory` and gives their paths. `programs` is the folder that set-up fills. */
export function writeBedImages(directory: string, programs: string): readonly string[] {
  const file = (name: string, source: string): TarEntry => ({
    kind: "file",
    path: name,
    mode: 0o755,
    content: readFileSync(path.join(programs, source)),
  });
  const images = [
    { name: pauseImage, entrypoint: ["/pause"], entries: [file("pause", "pause")] },
    {
      name: testImage,
      entrypoint: ["/bin/sh"],
      entries: [
        file("bin/busybox", "busybox"),
        file("bin/hold-queues", "hold-queues"),
        ...applets.map((name): TarEntry => ({ kind: "symlink", path: `bin/${name}`, target: "busybox" })),
      ],
    },
  ];
  return images.map(({ name, entrypoint, entries }) => {
    const layers = [makeLayer(entries, { mtimeSeconds: 0 })];
    const config = { entrypoint, env: ["PATH=/bin"] };
    const { archive } = makeImageArchive({ name, architecture: "amd64", config, layers, createdSeconds: 0 });
    const target = path.join(directory, `${name.split("/").at(-1)?.replace(":", "-")}.tar`);
    writeFileSync(target, archive);
    return target;
  });
}
