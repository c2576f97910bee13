// How a story ends early: at the next thing it would say.
import type { Narrator } from "./narrator.ts";

/** A narrator that refuses to go on once the signal was given: the story stops at the next thing it would say. */
export function interruptible(narrator: Narrator, signal: AbortSignal): Narrator {
  return {
    heading: (title) => {
      signal.throwIfAborted();
      narrator.heading(title);
    },
    say: (text) => {
      signal.throwIfAborted();
      narrator.say(text);
    },
    command: (text) => {
      signal.throwIfAborted();
      narrator.command(text);
    },
    output: (text) => {
      signal.throwIfAborted();
      narrator.output(text);
    },
  };
}
