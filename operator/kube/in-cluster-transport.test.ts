import assert from "node:assert/strict";
import { unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { eventually } from "../../test/fakes/eventually.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { ScriptedApiServer } from "../../test/fakes/scripted-api-server.ts";
import { createInClusterTransport, inClusterEndpoint } from "./in-cluster-transport.ts";
import { KubeApiError, KubeConnectionError, type KubeRequest, MalformedFrameError } from "./transport.ts";

const get: KubeRequest = { method: "GET", path: "/api/v1/things" };

async function open() {
  const server = await ScriptedApiServer.start();
  const clock = new FakeClock();
  const { caFile, tokenFile } = server;
  const transport = createInClusterTransport({ server: server.url, caFile, tokenFile, clock });
  return {
    server,
    clock,
    transport,
    async [Symbol.asyncDispose]() {
      transport.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe("createInClusterTransport()", () => {
  it("sends method, path, query, body and token, and gives the parsed body", async () => {
    await using bed = await open();
    const answer = bed.transport.request({
      method: "PATCH",
      path: "/apis/test/v1/things/a%2Fb",
      query: { force: true, fieldManager: "me & you", absent: undefined },
      contentType: "application/apply-patch+yaml",
      body: { a: "ü" },
    });
    const request = await bed.server.next();
    assert.equal(request.method, "PATCH");
    assert.equal(request.path, "/apis/test/v1/things/a%2Fb");
    assert.deepEqual(
      [...request.query],
      [
        ["force", "true"],
        ["fieldManager", "me & you"],
      ],
    );
    assert.equal(request.headers.authorization, "Bearer first");
    assert.equal(request.headers["content-type"], "application/apply-patch+yaml");
    assert.equal(request.body, '{"a":"ü"}');
    request.answer(201, { b: 2 });
    assert.deepEqual(await answer, { status: 201, body: { b: 2 } });
  });

  it("uses one connection for many requests", async () => {
    await using bed = await open();
    for (let n = 0; n < 20; n += 1) {
      const answer = bed.transport.request(get);
      (await bed.server.next()).answer(200, {});
      await answer;
    }
    assert.equal(bed.server.connections, 1);
  });

  it("reads the token anew after a 401 and tries once more", async () => {
    await using bed = await open();
    const answer = bed.transport.request(get);
    const refused = await bed.server.next();
    assert.equal(refused.headers.authorization, "Bearer first");
    bed.server.rotateToken("second");
    refused.answerStatus(401, "Unauthorized");
    const again = await bed.server.next();
    assert.equal(again.headers.authorization, "Bearer second");
    again.answer(200, { ok: true });
    assert.deepEqual((await answer).body, { ok: true });
  });

  it("gives up after the second 401", async () => {
    await using bed = await open();
    const answer = assert.rejects(bed.transport.request(get), { status: 401 });
    (await bed.server.next()).answerStatus(401, "Unauthorized");
    (await bed.server.next()).answerStatus(401, "Unauthorized");
    await answer;
    assert.equal(bed.server.waiting, 0);
  });

  it("reads the token anew after a minute, and goes on with the old one while the file is gone", async () => {
    await using bed = await open();
    const authorization = async (): Promise<string | undefined> => {
      const answer = bed.transport.request(get);
      const request = await bed.server.next();
      request.answer(200, {});
      await answer;
      return request.headers.authorization;
    };
    assert.equal(await authorization(), "Bearer first");
    bed.server.rotateToken("second");
    await bed.clock.advance(59_000);
    assert.equal(await authorization(), "Bearer first");
    await bed.clock.advance(1_000);
    assert.equal(await authorization(), "Bearer second");
    unlinkSync(bed.server.tokenFile);
    await bed.clock.advance(60_000);
    assert.equal(await authorization(), "Bearer second");
  });

  it("gives Kubernetes' own reason, and what Retry-After asks", async () => {
    await using bed = await open();
    const answer = bed.transport.request(get).catch((error: unknown) => error);
    (await bed.server.next()).answerStatus(429, "TooManyRequests", { "retry-after": "3" });
    const error = await answer;
    assert.ok(error instanceof KubeApiError);
    assert.deepEqual(
      [error.status, error.reason, error.message, error.retryAfterMs],
      [429, "TooManyRequests", "scripted TooManyRequests", 3000],
    );
  });

  it("ends a request at its time limit, and the connection with it", async () => {
    await using bed = await open();
    const answer = bed.transport.request({ ...get, timeoutMs: 5000 }).catch((error: unknown) => error);
    const request = await bed.server.next();
    await bed.clock.advance(5000);
    const error = await answer;
    assert.ok(error instanceof KubeConnectionError);
    assert.equal(error.code, "ETIMEDOUT");
    await eventually("the connection to end", () => request.isAbandoned);
  });

  it("ends a request whose body comes too slowly", async () => {
    await using bed = await open();
    const answer = assert.rejects(bed.transport.request(get), { code: "ETIMEDOUT" });
    const request = await bed.server.next();
    request.openWatch(); // a head without a length
    request.raw('{"half":');
    await bed.clock.advance(30_000);
    await answer;
  });

  it("throws the caller's own reason when the caller aborts", async () => {
    await using bed = await open();
    const controller = new AbortController();
    const answer = assert.rejects(bed.transport.request({ ...get, signal: controller.signal }), /enough/);
    await bed.server.next();
    controller.abort(new Error("enough"));
    await answer;
    assert.deepEqual(bed.clock.pendingMs, []);
  });

  it("tries once more when a kept connection breaks, but not for a POST", async () => {
    await using bed = await open();
    const answer = bed.transport.request(get);
    (await bed.server.next()).reset();
    (await bed.server.next()).answer(200, { second: true });
    assert.deepEqual((await answer).body, { second: true });
    const post = assert.rejects(bed.transport.request({ ...get, method: "POST", body: {} }), { code: "ECONNRESET" });
    (await bed.server.next()).reset();
    await post;
    assert.equal(bed.server.waiting, 0);
  });

  it("names the server and what to check when nobody listens", async () => {
    await using bed = await open();
    const listener = createServer();
    const port = await new Promise<number>((resolve) =>
      listener.listen(0, "127.0.0.1", () => {
        const address = listener.address();
        listener.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
      }),
    );
    const { caFile, tokenFile } = bed.server;
    const server = `https://127.0.0.1:${port}`;
    const transport = createInClusterTransport({
      server,
      caFile,
      tokenFile,
      clock: bed.clock,
      hint: "check --api-server",
    });
    await assert.rejects(transport.request(get), {
      name: "KubeConnectionError",
      message: `cannot reach the API server at ${server}: ECONNREFUSED; check --api-server`,
    });
  });

  it("refuses a server with another certificate", async () => {
    await using bed = await open();
    await using other = await open();
    writeFileSync(bed.server.caFile, "");
    const { tokenFile } = bed.server;
    const transport = createInClusterTransport({
      server: bed.server.url,
      caFile: other.server.caFile,
      tokenFile,
      clock: bed.clock,
    });
    await assert.rejects(transport.request(get), { name: "KubeConnectionError", code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    assert.equal(bed.server.waiting, 0);
  });

  it("says what is missing when there is no token", async () => {
    await using bed = await open();
    unlinkSync(bed.server.tokenFile);
    await assert.rejects(
      bed.transport.request(get),
      /^KubeConnectionError: cannot read the service account's files: ENOENT.*token/,
    );
  });

  it("never sends a token in the clear", () => {
    assert.throws(
      () =>
        createInClusterTransport({ server: "http://127.0.0.1:1", caFile: "", tokenFile: "", clock: new FakeClock() }),
      /an https:\/\/ URL is needed/,
    );
  });
});

describe("createInClusterTransport().watch", () => {
  it("gives frames as they come, without a time limit, and frees the connection when no longer read", async () => {
    await using bed = await open();
    const opening = bed.transport.watch(get);
    const request = await bed.server.next();
    request.openWatch();
    const frames = (await opening)[Symbol.asyncIterator]();
    request.event("ADDED", { n: 1 });
    assert.deepEqual((await frames.next()).value, { type: "ADDED", object: { n: 1 } });
    await bed.clock.advance(3_600_000);
    request.event("ADDED", { n: 2 });
    assert.deepEqual((await frames.next()).value, { type: "ADDED", object: { n: 2 } });
    await frames.return?.();
    await eventually("the connection to end", () => request.isAbandoned);
  });

  it("limits the time until the head of the answer", async () => {
    await using bed = await open();
    const opening = assert.rejects(bed.transport.watch(get), { code: "ETIMEDOUT" });
    await bed.server.next();
    await bed.clock.advance(30_000);
    await opening;
  });

  it("throws what the server answers instead of a stream", async () => {
    await using bed = await open();
    const opening = assert.rejects(bed.transport.watch(get), { status: 410, reason: "Expired" });
    (await bed.server.next()).answerStatus(410, "Expired");
    await opening;
    assert.deepEqual(bed.clock.pendingMs, []);
  });

  it("tells a reset within a line from a line that is not JSON", async () => {
    await using bed = await open();
    for (const { play, expected } of [
      { play: "reset", expected: { name: KubeConnectionError.name, code: "ECONNRESET" } },
      { play: "nonsense", expected: { name: MalformedFrameError.name } },
    ]) {
      const opening = bed.transport.watch(get);
      const request = await bed.server.next();
      request.openWatch();
      const frames = (await opening)[Symbol.asyncIterator]();
      request.raw('{"type":"ADDED",');
      if (play === "reset") {
        request.reset();
      } else {
        request.raw("<html>\n");
      }
      await assert.rejects(frames.next(), expected);
    }
  });
});

describe("inClusterEndpoint()", () => {
  const cases = {
    "is absent outside a cluster": { env: {}, server: undefined },
    "takes host and port": {
      env: { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" },
      server: "https://10.0.0.1:443",
    },
    "brackets an IPv6 address": {
      env: { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" },
      server: "https://[fd00::1]:6443",
    },
  };
  for (const [sentence, { env, server }] of Object.entries(cases)) {
    it(sentence, () => assert.equal(inClusterEndpoint(env)?.server, server));
  }
});
