import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryLog } from "../../test/fakes/memory-log.ts";
import { startHealthServer } from "./health-server.ts";

async function open(problems: { live?: string; ready?: string } = {}) {
  const { log } = createMemoryLog();
  const server = await startHealthServer({
    port: 0,
    live: () => problems.live,
    ready: () => problems.ready,
    metrics: () => "up 1\n",
    log,
  });
  const get = async (path: string, method = "GET") => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return [answer.status, await answer.text()];
  };
  return { server, get };
}

describe("startHealthServer()", () => {
  it("says ok while nothing is wrong", async () => {
    const { server, get } = await open();
    await using _ = server;
    assert.deepEqual(await get("/healthz"), [200, "ok\n"]);
    assert.deepEqual(await get("/readyz?verbose"), [200, "ok\n"]);
    assert.deepEqual(await get("/metrics"), [200, "up 1\n"]);
  });

  it("says what is wrong, asked anew each time", async () => {
    const problems: { live?: string; ready?: string } = { live: "the loop hangs", ready: "not synced" };
    const { server, get } = await open(problems);
    await using _ = server;
    assert.deepEqual(await get("/healthz"), [503, "the loop hangs\n"]);
    assert.deepEqual(await get("/readyz"), [503, "not synced\n"]);
    delete problems.ready;
    assert.deepEqual(await get("/readyz"), [200, "ok\n"]);
  });

  it("offers nothing else", async () => {
    const { server, get } = await open();
    await using _ = server;
    assert.equal((await get("/"))[0], 404);
    assert.equal((await get("/healthz", "POST"))[0], 404);
  });

  it("answers 500 when a check itself fails, and lives on", async () => {
    const { log } = createMemoryLog();
    const broken = (): never => {
      throw new Error("broken");
    };
    await using server = await startHealthServer({ port: 0, live: broken, ready: broken, metrics: () => "", log });
    const answer = await fetch(`http://127.0.0.1:${server.port}/healthz`);
    await answer.text();
    assert.equal(answer.status, 500);
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status, 200);
  });

  it("names the address that is taken", async () => {
    const { server } = await open();
    await using _ = server;
    const { log } = createMemoryLog();
    const none = (): undefined => undefined;
    await assert.rejects(
      startHealthServer({ port: server.port, live: none, ready: none, metrics: () => "", log }),
      new RegExp(`cannot listen on 127.0.0.1:${server.port}: .*EADDRINUSE`),
    );
  });
});
