import assert from "node:assert/strict";
import { test } from "node:test";
import { createNarrator } from "./narrator.ts";

function recorded(): { text: () => string; narrator: ReturnType<typeof createNarrator> } {
  let text = "";
  let nowMs = 0;
  const narrator = createNarrator(
    (part) => {
      text += part;
    },
    () => {
      nowMs += 500;
      return nowMs;
    },
  );
  return { text: () => text, narrator };
}

test("heading() numbers the steps from 3 on and fills one line of 118 columns", () => {
  const { text, narrator } = recorded();
  narrator.heading("A control plane");
  narrator.heading("The API");
  const [, first, , second] = text().split("\n");
  assert.match(first ?? "", /^3\. A control plane -+ 0\.5 s$/);
  assert.match(second ?? "", /^4\. The API -+ 1\.0 s$/);
  assert.equal(first?.length, 118);
});

test("command() and output() keep a command apart from its answer", () => {
  const { text, narrator } = recorded();
  narrator.command("kubectl apply -f - <<EOF\nkind: Node\nEOF");
  narrator.output("node/node-1 created\n\nand more\n");
  assert.equal(
    text(),
    "  $ kubectl apply -f - <<EOF\n    kind: Node\n    EOF\n    node/node-1 created\n\n    and more\n",
  );
});
