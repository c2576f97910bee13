// `npm start`: the whole idea of mqtap on a real Kubernetes API server and in real network namespaces, told step by step.
// Steps 1 and 2 (set-up and build) are setup.mjs's; this is the rest. Leaves nothing behind, however it ends.
// `--nodes` tells another story: the product on whole nodes, as an administrator installs it.
import { parseArgs } from "node:util";
import { tellNodesStory } from "./nodes-story/tell-nodes-story.ts";
import { layoutOfCheckout } from "./story/layout.ts";
import { createNarrator } from "./story/narrator.ts";
import { tellStory } from "./story/tell-story.ts";

const flag = { type: "boolean", default: false } as const;
const { values } = parseArgs({ options: { keep: flag, nodes: flag } });

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) return;
    stop.abort(new Error(signal));
    process.stdout.write(`\n${signal}: stopping, a few seconds ...\n`);
  });
}
// whoever reads our output may go away: then there is nobody to tell, and only the clearing up is left
process.stdout.on("error", () => stop.abort(new Error("EPIPE")));

try {
  const tell = values.nodes ? tellNodesStory : tellStory;
  await tell({
    layout: layoutOfCheckout(),
    narrator: createNarrator(
      (text) => process.stdout.write(text),
      () => performance.now(),
    ),
    signal: stop.signal,
    isKept: values.keep,
  });
} catch (error) {
  if (stop.signal.aborted) {
    process.stdout.write("Stopped; nothing is left.\n");
    process.exitCode = 130;
  } else {
    process.stderr.write(
      `mqtap: the demo failed, and nothing of it is left: ${error instanceof Error ? error.stack : error}\n`,
    );
    process.exitCode = 1;
  }
}
