// The kernel's name for what went wrong, from an error of Node's.

import { describeError } from "../kube/log.ts";

/** "ENOENT" and the like; "" where the error carries none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The same with the kernel's words, and without the call and its paths: temporary names would make each time another text. */
export function refusalOf(error: unknown): string {
  const text = describeError(error);
  return errnoOf(error) === "" ? text : text.replace(/, .*/s, "");
}
