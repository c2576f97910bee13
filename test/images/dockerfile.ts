// Reads the few instructions that our Dockerfiles consist of, by Docker's reference of the format; anything else fails.

export interface Dockerfile {
  readonly from: string;
  /** Folders of the build context that are copied to "/", in order. */
  readonly copied: readonly string[];
  readonly config: {
    readonly Entrypoint?: unknown;
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Labels?: Readonly<Record<string, string>>;
  };
}

/** @throws Error for an instruction that changes the image in a way that is not read here */
export function parseDockerfile(text: string): Dockerfile {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const instructions = lines.map((line) => {
    const [, name = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    return { name, rest, line };
  });
  const known = ["FROM", "COPY", "LABEL", "USER", "ENV", "ENTRYPOINT"];
  const odd = instructions.find(({ name }) => !known.includes(name));
  if (odd !== undefined) throw new Error(`cannot read "${odd.line}"`);
  const all = (wanted: string) => instructions.filter(({ name }) => name === wanted).map(({ rest }) => rest);
  const [from = "", ...stages] = all("FROM");
  if (stages.length > 0) throw new Error("cannot read a Dockerfile of several stages");
  const copied = all("COPY").map((rest) => {
    const folder = /^(\S+)\/ \/$/.exec(rest)?.[1];
    if (folder === undefined) throw new Error(`cannot read "COPY ${rest}": whole folders go to / here`);
    return folder;
  });
  const labels = all("LABEL").map((rest) => {
    const [, key, value] = /^([\w.]+)="(.*)"$/.exec(rest) ?? [];
    if (key === undefined || value === undefined) throw new Error(`cannot read "LABEL ${rest}"`);
    return [key, value] as const;
  });
  const env = all("ENV");
  const user = all("USER").at(-1);
  const entrypoint = all("ENTRYPOINT").at(-1);
  return {
    from,
    copied,
    config: {
      ...(user === undefined ? {} : { User: user }),
      ...(env.length === 0 ? {} : { Env: env }),
      ...(entrypoint === undefined ? {} : { Entrypoint: JSON.parse(entrypoint) }),
      ...(labels.length === 0 ? {} : { Labels: Object.fromEntries(labels) }),
    },
  };
}
