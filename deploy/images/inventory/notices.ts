// Components -> the NOTICES file of an image: who is inside, then every licence text once, with those it is of.
import type { Component } from "./component.ts";

/** `components` are what checkComponents() gave; `title` is the first line. */
export function renderNotices(title: string, components: readonly Component[]): string {
  const width = Math.max(...components.map(({ name, version }) => labelOf({ name, version }).length));
  const list = components.map(
    ({ name, version, license }) => `  ${labelOf({ name, version }).padEnd(width)}  ${license ?? "see below"}`,
  );
  const owners = new Map<string, { readonly labels: string[]; readonly names: Set<string> }>();
  for (const component of components) {
    for (const { name, text } of component.texts) {
      const found = owners.get(text.trim()) ?? { labels: [], names: new Set() };
      found.labels.push(labelOf(component));
      found.names.add(name);
      owners.set(text.trim(), found);
    }
  }
  const rule = "=".repeat(80);
  const texts = [...owners].map(
    ([text, { labels, names }]) => `${rule}\n${labels.join("\n")}\n(${[...names].join(", ")})\n\n${text}\n`,
  );
  return [`${title}\n`, ...list, "", ...texts].join("\n");
}

function labelOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name} ${version}`;
}
