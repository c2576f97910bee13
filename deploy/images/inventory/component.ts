// One piece of other people's software inside an image: what a bill of materials names, and the licence texts that go
// with it.

export interface LicenceText {
  /** The file's name where it was found. */
  readonly name: string;
  readonly text: string;
}

export interface Component {
  readonly name: string;
  readonly version: string;
  /** Package URL, https://github.com/package-url/purl-spec. */
  readonly purl: string;
  /** SPDX expression, where its own metadata has one. */
  readonly license?: string;
  /** By which vulnerability databases know what is no package of a registry. */
  readonly cpe?: string;
  readonly texts: readonly LicenceText[];
}

/** The same components, each once. @throws Error naming those without a licence text: they must not be shipped */
export function checkComponents(components: readonly Component[]): Component[] {
  const unique = new Map(components.map((component) => [component.purl, component]));
  const bare = [...unique.values()].filter(({ texts }) => !texts.some(({ text }) => text.trim() !== ""));
  if (bare.length > 0) {
    const names = bare.map(({ name, version }) => `${name} ${version}`).join(", ");
    throw new Error(`cannot ship without a licence text: ${names}`);
  }
  return [...unique.values()].toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
}
