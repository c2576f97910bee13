// Words for condition messages: counts with their nouns, and lists that stay short however many nodes there are.

/** "1 node", "3 nodes". */
export function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}

/** "1 node is", "3 nodes are". */
export function nodesAre(count: number): string {
  return `${nodes(count)} ${count === 1 ? "is" : "are"}`;
}

/** The first few, and how many more there are: "n1, n2, n3 and 4 more". */
export function listOf(names: readonly string[], most = 3): string {
  const shown = names.slice(0, names.length === most + 1 ? most + 1 : most);
  const more = names.length - shown.length;
  return more === 0 ? shown.join(", ") : `${shown.join(", ")} and ${more} more`;
}

/** Sentences of a message: what is false, empty or absent is left out. */
export function sentences(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => typeof part === "string" && part !== "").join(". ");
}
