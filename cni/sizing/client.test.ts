import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type FakeConnection, FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { CniError } from "../error.ts";
import { askAgent, isAgentListening } from "./client.ts";
import { formatSizingAnswer, parseSizingRequest, type SizingAnswer, type SizingRequest } from "./protocol.ts";

const request: SizingRequest = {
  version: 1,
  mode: "companion",
  podNamespace: "default",
  podName: "virt-launcher-ü",
  podUid: undefined,
  ifName: "eth0",
  network: "pod-network",
  attachmentId: "0123456789abcdef0123456789abcdef",
  logicNetworkName: undefined,
  maxQueues: 8,
};
const tap: SizingAnswer = {
  kind: "tap",
  queues: 4,
  owner: 107,
  group: 107,
  tapName: "tap0",
  why: "8 -> 4: node limit ü",
};
const answers = (...pieces: string[]): FakeConnection => ({ kind: "answers", pieces: () => pieces });
const refused = (code: string): FakeConnection => ({ kind: "refused", code });
const hangs: FakeConnection = { kind: "hangs" };
const breaks: FakeConnection = { kind: "breaks" };

function sysWith(...connections: FakeConnection[]): FakeSyscalls {
  const sys = new FakeSyscalls();
  sys.connections = connections;
  return sys;
}

describe("askAgent()", () => {
  test("sends the question as one line and returns the answer", () => {
    const sys = sysWith(answers(formatSizingAnswer(tap)));
    assert.deepEqual(askAgent(sys, request), tap);
    assert.deepEqual(sys.questions.map(parseSizingRequest), [request]);
    assert.equal(sys.openCount, 0);
  });

  test("takes an answer in pieces, and no more than a line", () => {
    const line = formatSizingAnswer(tap);
    const sys = sysWith(answers(line.slice(0, 7), line.slice(7, 30), `${line.slice(30)}{"more":1}\n`));
    assert.deepEqual(askAgent(sys, request), tap);
  });

  for (const code of ["ENOENT", "ECONNREFUSED", "EAGAIN", "EACCES"]) {
    test(`tries again every 100 ms after ${code}`, () => {
      const sys = sysWith(refused(code), refused(code), refused(code), answers(formatSizingAnswer(tap)));
      assert.deepEqual(askAgent(sys, request), tap);
      assert.equal(sys.nowMs, 300);
      assert.equal(sys.openCount, 0);
    });
  }

  test("asks once more when the connection ends without an answer", () => {
    for (const end of [answers(), answers('{"version":1'), breaks]) {
      const sys = sysWith(end, answers(formatSizingAnswer(tap)));
      assert.deepEqual(askAgent(sys, request), tap);
      assert.equal(sys.questions.length, 2);
    }
  });

  const failures: Record<string, { sys: FakeSyscalls; message: RegExp; atMs: number }> = {
    "a missing socket": {
      sys: sysWith(refused("ENOENT")),
      message: /there is no \/run\/mqtap\/agent.sock; is it running/,
      atMs: 5000,
    },
    "a socket without listener": { sys: sysWith(refused("ECONNREFUSED")), message: /nobody listens/, atMs: 5000 },
    "an agent that never answers": { sys: sysWith(hangs), message: /did not answer within 5 s/, atMs: 5000 },
    "an agent that appears late and never answers": {
      sys: sysWith(refused("ENOENT"), hangs),
      message: /did not answer within 5 s/,
      atMs: 5000,
    },
    "an agent that always closes": { sys: sysWith(answers()), message: /closed the connection twice/, atMs: 0 },
    "an agent that always breaks": { sys: sysWith(breaks), message: /closed the connection twice/, atMs: 0 },
    garbage: {
      sys: sysWith(answers("HTTP/1.1 400 Bad Request\r\n")),
      message: /makes no sense: a message is not JSON/,
      atMs: 0,
    },
    "another protocol version": { sys: sysWith(answers('{"version":9}\n')), message: /version 9, not 1/, atMs: 0 },
    "an endless answer": { sys: sysWith(answers("x".repeat(70_000))), message: /longer than 65536 bytes/, atMs: 0 },
  };
  for (const [what, { sys, message, atMs }] of Object.entries(failures)) {
    test(`says "try again later" for ${what}`, () => {
      assert.throws(() => askAgent(sys, request), {
        code: 11,
        message,
        details: /kubectl.*install it again or take mqtap out of/,
      });
      assert.equal(sys.nowMs, atMs);
      assert.equal(sys.openCount, 0);
    });
  }

  test("ends in 5 seconds with an answer or a CniError 11, whatever the agent does", () => {
    const connection = fc.oneof(
      fc.constantFrom(hangs, breaks, refused("ENOENT"), refused("EAGAIN"), answers(formatSizingAnswer(tap))),
      fc.array(fc.string()).map((pieces) => answers(...pieces)),
    );
    fc.assert(
      fc.property(fc.array(connection, { minLength: 1, maxLength: 60 }), (connections) => {
        const sys = sysWith(...connections);
        try {
          assert.deepEqual(askAgent(sys, request), tap);
        } catch (error) {
          assert.ok(error instanceof CniError && error.code === 11, String(error));
        }
        assert.ok(sys.nowMs <= 5000);
        assert.equal(sys.openCount, 0);
      }),
    );
  });
});

describe("isAgentListening()", () => {
  test("knows a listener, even a busy one, from none", () => {
    assert.equal(isAgentListening(sysWith(hangs)), true);
    assert.equal(isAgentListening(sysWith(refused("EAGAIN"))), true);
    assert.equal(isAgentListening(sysWith(refused("ENOENT"))), false);
    assert.equal(isAgentListening(sysWith(refused("ECONNREFUSED"))), false);
  });

  test("does not take a shortage of the node for an absent agent", () => {
    const sys = sysWith(refused("ENOMEM"));
    assert.throws(() => isAgentListening(sys), { code: "ENOMEM" });
    assert.equal(sys.openCount, 0);
  });
});
