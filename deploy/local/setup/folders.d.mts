// The types of folders.mjs for the test bed, which is TypeScript.

export function findFolders(path: string): readonly string[];
