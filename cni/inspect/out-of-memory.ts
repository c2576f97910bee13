// How the engine says that its memory limit is reached: QuickJS throws an InternalError, or null where it has no memory for one.

/** Whether what was thrown means that, and not a defect. What was being built is free again by then. */
export function isOutOfMemory(thrown: unknown): boolean {
  return thrown === null || (thrown instanceof Error && thrown.message === "out of memory");
}
