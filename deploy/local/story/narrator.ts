// What a person reads while the demo runs: headings, the commands they could have typed, and what came back.
// Plain text, so that it reads the same in a terminal, in a pipe and in a README.

import { wrap } from "./table.ts";

export interface Narrator {
  /** A numbered step of the story. */
  heading(title: string): void;
  /** A sentence or two of explanation. */
  say(text: string): void;
  /** A command as a person would type it. */
  command(text: string): void;
  /** What a command answered, indented. */
  output(text: string | readonly string[]): void;
}

const widthChars = 118;

/** Writes to `write`, which gets whole lines; `clock` is used for the time that stands beside each heading. */
export function createNarrator(write: (text: string) => void, clock: () => number, firstStep = 3): Narrator {
  const startMs = clock();
  let step = firstStep;
  const lines = (texts: readonly string[]): void => write(texts.map((text) => `${text}\n`).join(""));
  return {
    heading(title) {
      const time = `${((clock() - startMs) / 1000).toFixed(1)} s`;
      const text = `${step}. ${title} `;
      step += 1;
      lines(["", `${text}${"-".repeat(Math.max(3, widthChars - text.length - time.length - 1))} ${time}`]);
    },
    say(text) {
      lines(wrap(text, widthChars));
    },
    command(text) {
      lines(text.split("\n").map((line, index) => `${index === 0 ? "  $ " : "    "}${line}`));
    },
    output(text) {
      const given = typeof text === "string" ? text.replace(/\n+$/, "").split("\n") : text;
      lines(given.map((line) => (line === "" ? "" : `    ${line}`)));
    },
  };
}
