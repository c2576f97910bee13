// The words that KubeVirt's sidecar-shim starts the hook with: `--vmi JSON --domain XML` (cmd/sidecars/sidecar_shim.go of
// kubevirt v1.9), behind `on-define-domain` where the binary has its own name.

export interface HookArguments {
  readonly vmi: string | undefined;
  /** What the shim wants back; `index` is its place in argv. */
  readonly domain: { readonly text: string; readonly index: number } | undefined;
  /** What is wrong with the words; then nothing may be changed. */
  readonly fault: string | undefined;
}

/** `argv` with the program's name first. */
export function parseHookArguments(argv: readonly string[]): HookArguments {
  let vmi: string | undefined;
  let domain: HookArguments["domain"];
  let fault: string | undefined;
  for (let index = argv[1] === "on-define-domain" ? 2 : 1; index < argv.length; index += 2) {
    const [option = "", value] = argv.slice(index, index + 2);
    if (option !== "--vmi" && option !== "--domain") fault ??= `"${option.slice(0, 40)}" is no option of the hook`;
    else if (value === undefined) fault ??= `${option} has no value`;
    else if ((option === "--vmi" ? vmi : domain) !== undefined) fault ??= `${option} is given twice`;
    else if (option === "--vmi") vmi = value;
    else domain = { text: value, index: index + 1 };
  }
  return { vmi, domain, fault };
}
