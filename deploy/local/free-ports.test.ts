import assert from "node:assert/strict";
import { createServer } from "node:net";
import { it } from "node:test";
import { findFreePorts } from "./free-ports.ts";

it("findFreePorts() gives different ports that can be listened on", async () => {
  const ports = await findFreePorts(3);
  assert.equal(new Set(ports).size, 3);
  for (const port of ports) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  }
});
