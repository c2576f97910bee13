import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorFromStatus, parseRetryAfter, readAnswer } from "./http-answer.ts";
import { KubeApiError, KubeConnectionError } from "./transport.ts";

function answer(status: number, text: string, headers: Readonly<Record<string, string>> = {}) {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }
  const all: Readonly<Record<string, string>> = { "content-type": "application/json", ...headers };
  return { status, header: (name: string) => all[name], body: body() };
}

describe("readAnswer()", () => {
  it("gives JSON parsed, text as it is, and nothing as undefined", async () => {
    assert.deepEqual(await readAnswer(answer(200, '{"a":1}')), { status: 200, body: { a: 1 } });
    assert.deepEqual(await readAnswer(answer(200, "ok", { "content-type": "text/plain" })), {
      status: 200,
      body: "ok",
    });
    assert.deepEqual(await readAnswer(answer(204, "")), { status: 204, body: undefined });
  });

  it("refuses JSON that is none", () => assert.rejects(readAnswer(answer(200, "<html>")), KubeConnectionError));

  const refusals: Record<string, { from: ReturnType<typeof answer>; expected: Partial<KubeApiError> }> = {
    "takes reason and message from a Status": {
      from: answer(404, '{"kind":"Status","reason":"NotFound","message":"no such thing"}'),
      expected: { status: 404, reason: "NotFound", message: "no such thing" },
    },
    "quotes a proxy's page": {
      from: answer(502, "<html>bad gateway"),
      expected: { status: 502, reason: "Http502", message: "the API server answered 502: <html>bad gateway" },
    },
    "takes Retry-After from the header": {
      from: answer(429, "", { "retry-after": "2" }),
      expected: { retryAfterMs: 2000 },
    },
    "takes Retry-After from the Status": {
      from: answer(429, '{"kind":"Status","details":{"retryAfterSeconds":4}}'),
      expected: { retryAfterMs: 4000 },
    },
    "counts a Retry-After date from the server's own clock": {
      from: answer(503, "", {
        date: "Sun, 22 Nov 2026 12:00:00 GMT",
        "retry-after": "Sun, 22 Nov 2026 12:00:09 GMT",
      }),
      expected: { retryAfterMs: 9000 },
    },
  };
  for (const [sentence, { from, expected }] of Object.entries(refusals)) {
    it(sentence, () => assert.rejects(readAnswer(from), { name: KubeApiError.name, ...expected }));
  }
});

describe("parseRetryAfter()", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  const cases: Record<string, number | undefined> = {
    "": undefined,
    nonsense: undefined,
    "-1": undefined,
    "0": 0,
    "1.5": 1500,
    "Sun, 22 Nov 2026 11:00:00 GMT": 0,
  };
  for (const [text, expected] of Object.entries(cases)) {
    it(`gives ${expected} for "${text}"`, () => assert.equal(parseRetryAfter(text, now), expected));
  }
});

describe("errorFromStatus()", () => {
  it("gives an error for anything", () => {
    const error = errorFromStatus({ code: 410, reason: "Expired", message: "too old" });
    assert.deepEqual([error.status, error.reason, error.message], [410, "Expired", "too old"]);
    assert.deepEqual([errorFromStatus("x").status, errorFromStatus({ code: "410" }).status], [500, 500]);
  });
});
