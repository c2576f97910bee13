import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  formatSizingAnswer,
  formatSizingRequest,
  maxSizingMessageBytes,
  parseSizingAnswer,
  parseSizingRequest,
  type SizingAnswer,
  SizingProtocolError,
  type SizingRequest,
} from "./protocol.ts";

const text = fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" });
const why = text;
const id = fc.integer({ min: 0, max: 0xffff_fffe });
const queues = fc.integer({ min: 1, max: 256 });
const hexDigit = fc.constantFrom(..."0123456789abcdef");

const requests: fc.Arbitrary<SizingRequest> = fc.record({
  version: fc.constant(1 as const),
  mode: fc.constantFrom("main", "companion", "binding"),
  podNamespace: text,
  podName: text,
  podUid: fc.option(text, { nil: undefined }),
  ifName: text,
  network: text,
  attachmentId: fc.string({ minLength: 32, maxLength: 32, unit: hexDigit }),
  logicNetworkName: fc.option(text, { nil: undefined }),
  maxQueues: fc.option(queues, { nil: undefined }),
});

const answers: fc.Arbitrary<SizingAnswer> = fc.oneof(
  fc.record({ kind: fc.constant("tap" as const), queues, owner: id, group: id, tapName: text, why }),
  fc.record({ kind: fc.constant("none" as const), why }),
  fc.record({ kind: fc.constant("retry" as const), why }),
  fc.record({ kind: fc.constant("refused" as const), code: fc.integer({ min: 100, max: 998 }), why }),
);

const aTap = { version: 1, kind: "tap", queues: 4, owner: 107, group: 107, tapName: "tap0", why: "node limit 4" };
const aRequest = {
  version: 1,
  mode: "companion",
  podNamespace: "default",
  podName: "virt-launcher-vm-abcde",
  ifName: "eth0",
  network: "pod-network",
  attachmentId: "0123456789abcdef0123456789abcdef",
};

describe("sizing protocol", () => {
  test("parseSizingRequest() gives back what formatSizingRequest() took", () => {
    fc.assert(
      fc.property(requests, (request) => {
        assert.deepEqual(parseSizingRequest(formatSizingRequest(request)), { ...request });
      }),
    );
  });

  test("parseSizingAnswer() gives back what formatSizingAnswer() took", () => {
    fc.assert(
      fc.property(answers, (answer) => {
        assert.deepEqual({ ...parseSizingAnswer(formatSizingAnswer(answer)) }, { ...answer });
      }),
    );
  });

  test("a message is one line", () => {
    fc.assert(
      fc.property(requests, answers, (request, answer) => {
        for (const line of [formatSizingRequest(request), formatSizingAnswer(answer)]) {
          assert.equal(line.indexOf("\n"), line.length - 1);
        }
      }),
    );
  });

  test("no text makes the parsers throw anything but SizingProtocolError", () => {
    const jsonLike = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          { ...Object.fromEntries(Object.keys({ ...aTap, ...aRequest }).map((key) => [key, fc.jsonValue()])) },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify({ version: 1, ...value })),
    );
    fc.assert(
      fc.property(jsonLike, (input) => {
        for (const parse of [parseSizingRequest, parseSizingAnswer]) {
          try {
            parse(input);
          } catch (error) {
            assert.ok(error instanceof SizingProtocolError);
          }
        }
      }),
    );
  });

  const badAnswers: Record<string, { input: string; message: RegExp }> = {
    nothing: { input: "", message: /not JSON/ },
    "no JSON": { input: "HTTP/1.1 400 Bad Request", message: /not JSON/ },
    "an array": { input: "[]", message: /not a JSON object/ },
    null: { input: "null", message: /not a JSON object/ },
    "another protocol version": { input: JSON.stringify({ ...aTap, version: 2 }), message: /version 2, not 1/ },
    "no version": { input: JSON.stringify({ ...aTap, version: undefined }), message: /version nothing/ },
    "an unknown kind": { input: JSON.stringify({ ...aTap, kind: "veth" }), message: /"kind": "veth"/ },
    "no queues": { input: JSON.stringify({ ...aTap, queues: undefined }), message: /"queues": nothing/ },
    "no queue at all": { input: JSON.stringify({ ...aTap, queues: 0 }), message: /"queues": 0/ },
    "more queues than the kernel has": { input: JSON.stringify({ ...aTap, queues: 257 }), message: /"queues": 257/ },
    "half a queue": { input: JSON.stringify({ ...aTap, queues: 2.5 }), message: /"queues": 2.5/ },
    "an owner beyond uid_t": { input: JSON.stringify({ ...aTap, owner: 2 ** 32 }), message: /"owner"/ },
    "the uid that means none": { input: JSON.stringify({ ...aTap, owner: 2 ** 32 - 1 }), message: /"owner"/ },
    "a code of the specification": {
      input: JSON.stringify({ version: 1, kind: "refused", code: 7, why: "x" }),
      message: /"code": 7/,
    },
    "no reason": { input: JSON.stringify({ version: 1, kind: "none" }), message: /"why": nothing/ },
    "values on the prototype": {
      input: '{"version":1,"why":"x","__proto__":{"kind":"none"}}',
      message: /"kind": nothing/,
    },
    "an endless message": { input: `"${"x".repeat(maxSizingMessageBytes)}"`, message: /longer than 65536/ },
  };
  for (const [what, { input, message }] of Object.entries(badAnswers)) {
    test(`parseSizingAnswer() refuses ${what}`, () => {
      assert.throws(() => parseSizingAnswer(input), { name: "SizingProtocolError", message });
    });
  }

  const badRequests: Record<string, { change: Record<string, unknown>; message: RegExp }> = {
    "an unknown mode": { change: { mode: "adopted" }, message: /"mode": "adopted"/ },
    "a pod without a name": { change: { podName: "" }, message: /"podName": ""/ },
    "a pod uid that is a number": { change: { podUid: 4 }, message: /"podUid": 4/ },
    "an attachment id of other length": { change: { attachmentId: "abc" }, message: /"attachmentId": "abc"/ },
    "maxQueues null": { change: { maxQueues: null }, message: /"maxQueues": null/ },
  };
  for (const [what, { change, message }] of Object.entries(badRequests)) {
    test(`parseSizingRequest() refuses ${what}`, () => {
      assert.throws(() => parseSizingRequest(JSON.stringify({ ...aRequest, ...change })), { message });
    });
  }
});
