// The kernel's name for what went wrong, from an error of Node's.

/** "ENOENT" and the like; "" where the error carries none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
