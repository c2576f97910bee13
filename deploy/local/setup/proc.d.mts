// The types of proc.mjs for tests, which are TypeScript.

/** Undefined: a process that could not be started. */
type Pid = string | number | undefined;

export function readProcFile(pid: Pid, name: string): string;
export function readWorkingDirectory(pid: Pid): string;
export function isAlive(pid: Pid): boolean;
