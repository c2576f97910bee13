import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mapStack } from "./map-stack.mjs";

/** Line 1, column 1 of the bundle is line 3, column 5 of the source; column 11 is line 4, column 1. */
const map = JSON.stringify({ version: 3, sources: ["../cni/tap/alias.ts"], names: [], mappings: "AAEI,UACJ" });
const readMap = (program: string): string | undefined => (program === "mqtap-add" ? map : undefined);

const cases = {
  "maps a place to file, line and column": {
    text: "fatal: RangeError: no\n    at attachmentId (mqtap-add.js:1:1)\n    at add (mqtap-add.js:1:11)\n",
    want: "fatal: RangeError: no\n    at attachmentId (cni/tap/alias.ts:3:5)\n    at add (cni/tap/alias.ts:4:1)\n",
  },
  "takes the nearest place before": {
    text: "    at a (mqtap-add.js:1:9)",
    want: "    at a (cni/tap/alias.ts:3:5)",
  },
  "leaves a program without source map as it is": {
    text: "    at a (other.js:1:1)",
    want: "    at a (other.js:1:1)",
  },
  "makes lines of a stack in a log line": {
    text: '{"level":"error","msg":"Error: no","stack":"    at a (mqtap-add.js:1:1)\\n    at b (native)\\n"}\n',
    want: "Error: no\n    at a (cni/tap/alias.ts:3:5)\n    at b (native)\n",
  },
  "leaves other log lines and what only looks like one": {
    text: '{"level":"info","msg":"no tap"}\n{"msg":"stack","stack":3}\n{"stack":"cut\n{"a":"stack":}\n',
    want: '{"level":"info","msg":"no tap"}\n{"msg":"stack","stack":3}\n{"stack":"cut\n{"a":"stack":}\n',
  },
};

describe("mapStack()", () => {
  for (const [title, { text, want }] of Object.entries(cases)) {
    test(title, () => assert.equal(mapStack(text, readMap), want));
  }
});
