// Types of build.mjs, for tests that build what they run.

export function buildBinary(options: {
  readonly root: string;
  readonly name?: "mqtap" | "mqtap-conformance";
  readonly env?: NodeJS.ProcessEnv;
  readonly log?: (line: string) => void;
}): Promise<void>;

export function programsOf(name: "mqtap" | "mqtap-conformance"): string[];
