import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import { startRelay } from "./relay.ts";

it("startRelay() carries a connection over a unix socket and back, and ends with its connections", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mqtap-relay-"));
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  try {
    await once(echo, "listening");
    const address = echo.address();
    assert.ok(typeof address === "object" && address !== null);
    const socketPath = join(directory, "s");
    await using inner = await startRelay(socketPath, `127.0.0.1:${address.port}`);
    assert.equal(inner.port, undefined);
    await using outer = await startRelay("127.0.0.1:0", socketPath);
    const client = connect(outer.port ?? 0, "127.0.0.1");
    client.end("there and back");
    assert.equal(await text(client), "there and back");
    const open = connect(outer.port ?? 0, "127.0.0.1");
    open.write("x");
    await once(open, "data");
    const closed = once(open, "close");
    await outer[Symbol.asyncDispose]();
    await closed;
  } finally {
    echo.close();
    rmSync(directory, { recursive: true });
  }
});
