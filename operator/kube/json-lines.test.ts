import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseJsonLines } from "./json-lines.ts";
import { MalformedFrameError } from "./transport.ts";

async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function collect(text: string | Uint8Array, places: readonly number[] = []): Promise<unknown[]> {
  const frames: unknown[] = [];
  for await (const frame of parseJsonLines(cut(Buffer.from(text), places))) {
    frames.push(frame);
  }
  return frames;
}

describe("parseJsonLines()", () => {
  it("gives what was written, wherever the network cuts it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json()), fc.array(fc.nat({ max: 5000 })), async (documents, places) => {
        const frames = await collect(documents.map((document) => `${document}\n`).join(""), places);
        assert.deepEqual(
          frames,
          documents.map((document): unknown => JSON.parse(document)),
        );
      }),
    );
  });

  it("fails with its own error only, whatever the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        try {
          await collect(bytes);
        } catch (error) {
          assert.ok(error instanceof MalformedFrameError);
        }
      }),
    );
  });

  it("gives a frame as soon as its line is complete", async () => {
    const gate = Promise.withResolvers<void>();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"a":1}\n{"b"');
      await gate.promise;
      yield Buffer.from(":2}\n");
    }
    const frames = parseJsonLines(chunks());
    assert.deepEqual((await frames.next()).value, { a: 1 });
    gate.resolve();
    assert.deepEqual((await frames.next()).value, { b: 2 });
  });

  it("skips empty lines", async () => {
    assert.deepEqual(await collect("\n1\n\r\n2\n"), [1, 2]);
  });

  const malformed = {
    "refuses a line that is not JSON": '{"a":1}\n<html>\n',
    "refuses a stream that ends within a line": '{"a":1}\n{"b":',
    "refuses a frame without end": `"${"x".repeat(9 * 1024 * 1024)}`,
  };
  for (const [sentence, text] of Object.entries(malformed)) {
    it(sentence, () => assert.rejects(collect(text), MalformedFrameError));
  }
});
