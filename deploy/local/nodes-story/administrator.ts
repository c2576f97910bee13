// An administrator of the bed whose commands are shown with what really came back.
import type { Bed } from "../bed/bed.ts";
import type { Layout } from "../story/layout.ts";
import type { Narrator } from "../story/narrator.ts";

export interface Administrator {
  readonly bed: Bed;
  readonly narrator: Narrator;
  /** kubectl; `shown` is how a person would type it, where that is not the arguments joined. */
  kubectl(args: readonly string[], more?: { readonly stdin?: string; readonly shown?: string }): Promise<void>;
  /** A command on a node. */
  onNode(node: string, argv: readonly string[]): Promise<void>;
}

const mostLines = 14;
const timeoutMs = 200_000;

export function administratorOf(bed: Bed, narrator: Narrator, { root }: Layout): Administrator {
  return {
    bed,
    narrator,
    async kubectl(args, { stdin, shown } = {}) {
      const typed = args.map((arg) => (/^[\w./:=,@{}*-]+$/.test(arg) ? arg : `'${arg}'`)).join(" ");
      narrator.command((shown ?? `kubectl ${typed}`).replaceAll(`${root}/`, ""));
      const answer = await bed.kubectl(args, { timeoutMs, ...(stdin === undefined ? {} : { stdin }) });
      narrator.output(shorten(answer));
    },
    async onNode(node, argv) {
      narrator.command(`${argv.join(" ")}        # on ${node}`);
      const { stdout, stderr } = await bed.node(node).run(argv, { allowFailure: true });
      narrator.output(shorten(stdout + stderr));
    },
  };
}

/** What was answered; of much the first and the last, and a count. */
function shorten(text: string): readonly string[] {
  const lines = text.trimEnd().split("\n");
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, 3), `... and ${lines.length - 6} more`, ...lines.slice(-3)];
}
