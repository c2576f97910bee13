// Amounts of memory for people. Pure.

/** `38 KiB`, `6.4 MiB`: a tap's memory needs no other unit. */
export function formatBytes(bytes: number): string {
  const kib = bytes / 1024;
  return kib < 1000 ? `${Math.round(kib)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
