// What `npm run images` says at its end.
import type { BuiltImage } from "./build-images.ts";

/** One line an image: sizes in MB (10^6 bytes), and the digest that a registry will show. */
export function renderSizes(images: readonly BuiltImage[]): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1).padStart(6);
  const width = Math.max(...images.map(({ name }) => name.length));
  const lines = images.map(
    ({ name, archiveBytes, fileBytes, digest }) =>
      `${name.padEnd(width)}  ${megabytes(archiveBytes)} MB packed  ${megabytes(fileBytes)} MB unpacked  ${digest}`,
  );
  return `${lines.join("\n")}\n`;
}
