// The types of leftovers.mjs for tests, which are TypeScript.

/** Kind of thing -> what is there. */
export type Snapshot = Readonly<Record<string, readonly string[]>>;

export function takeSnapshot(temporaryDirectory: string): Snapshot;
export function findLeftovers(before: Snapshot, after: Snapshot): readonly string[];
