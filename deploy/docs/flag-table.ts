// A table of a program's flags, from the text that its --help prints. Pure.
import { markdownTable } from "./markdown-table.ts";

interface Flag {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

/** Flag, value, meaning, in the order of the text. */
export function flagTable(usage: string): string {
  const rows = parseUsage(usage).map(({ name, value, meaning }) => [`\`${name}\``, value, meaning]);
  return markdownTable(["flag", "value", "meaning"], rows);
}

/** Lines "  --name VALUE   meaning", each with lines that go on. @throws TypeError for a text without flags */
export function parseUsage(usage: string): readonly Flag[] {
  const flags: Flag[] = [];
  for (const line of usage.split("\n").slice(1)) {
    const [, name, value = "", meaning] = /^ {2}(--[a-z-]+)(?: (\S+))? {2,}(\S.*)$/.exec(line) ?? [];
    const last = flags.at(-1);
    if (name !== undefined && meaning !== undefined) flags.push({ name, value, meaning });
    else if (last !== undefined && line.trim() !== "") {
      flags[flags.length - 1] = { ...last, meaning: `${last.meaning} ${line.trim()}` };
    }
  }
  if (flags.length === 0) throw new TypeError("cannot find a flag in the usage text");
  return flags;
}
