import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { ScriptedApiServer } from "../../test/fakes/scripted-api-server.ts";
import { createKubeconfigTransport } from "./kubeconfig-transport.ts";
import type { KubeRequest } from "./transport.ts";

const get: KubeRequest = { method: "GET", path: "/api/v1/things" };

function kubeconfig(server: string, caFile: string, user: object): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: "u", user }],
  });
}

async function open(user: object) {
  const server = await ScriptedApiServer.start();
  const directory = mkdtempSync(join(tmpdir(), "kubeconfig-test-"));
  const kubeconfigFile = join(directory, "config");
  writeFileSync(kubeconfigFile, kubeconfig(server.url, server.caFile, user));
  const clock = new FakeClock();
  const transport = createKubeconfigTransport({ kubeconfigFile, clock });
  return {
    server,
    clock,
    transport,
    directory,
    async [Symbol.asyncDispose]() {
      transport.close();
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

function withFile(text: string | undefined, use: (file: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "kubeconfig-test-"));
  try {
    const file = join(directory, "config");
    if (text !== undefined) {
      writeFileSync(file, text);
    }
    use(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe("createKubeconfigTransport()", () => {
  it("sends the token, and keeps one connection for many requests", async () => {
    await using bed = await open({ token: "secret" });
    for (let n = 0; n < 20; n += 1) {
      const answer = bed.transport.request({ ...get, query: { limit: 1 } });
      const request = await bed.server.next();
      assert.equal(request.headers.authorization, "Bearer secret");
      assert.equal(request.query.get("limit"), "1");
      request.answer(200, { n });
      assert.deepEqual((await answer).body, { n });
      await bed.clock.advance(20_000); // credentials are read anew, the connection stays
    }
    assert.equal(bed.server.connections, 1);
  });

  it("sends a body with its content type", async () => {
    await using bed = await open({ token: "secret" });
    const answer = bed.transport.request({ ...get, method: "PATCH", body: { a: 1 }, contentType: "application/x" });
    const request = await bed.server.next();
    assert.deepEqual(
      [request.method, request.headers["content-type"], request.body],
      ["PATCH", "application/x", '{"a":1}'],
    );
    request.answer(200, {});
    await answer;
  });

  it("asks an exec plugin for the token", async () => {
    await using bed = await open({});
    const credential = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "from-plugin" },
    };
    const plugin = join(bed.directory, "plugin");
    writeFileSync(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(plugin, 0o755);
    writeFileSync(
      join(bed.directory, "exec"),
      kubeconfig(bed.server.url, bed.server.caFile, {
        exec: { apiVersion: "client.authentication.k8s.io/v1", command: plugin, interactiveMode: "Never" },
      }),
    );
    const transport = createKubeconfigTransport({ kubeconfigFile: join(bed.directory, "exec"), clock: bed.clock });
    const answer = transport.request(get);
    const request = await bed.server.next();
    assert.equal(request.headers.authorization, "Bearer from-plugin");
    request.answer(200, {});
    await answer;
    transport.close();
  });

  it("says so when an exec plugin fails", async () => {
    await using bed = await open({
      exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/nowhere/plugin", interactiveMode: "Never" },
    });
    await assert.rejects(bed.transport.request(get), {
      name: "KubeConnectionError",
      message: /^cannot get credentials as kubeconfig ".*" says: .*ENOENT/,
    });
  });

  it("watches, and ends the connection when no longer read", async () => {
    await using bed = await open({ token: "secret" });
    const opening = bed.transport.watch(get);
    const request = await bed.server.next();
    request.openWatch();
    request.event("ADDED", { n: 1 });
    const frames = (await opening)[Symbol.asyncIterator]();
    assert.deepEqual((await frames.next()).value, { type: "ADDED", object: { n: 1 } });
    request.raw("{");
    request.reset();
    await assert.rejects(frames.next(), { name: "KubeConnectionError" });
  });

  it("ends a request at its time limit", async () => {
    await using bed = await open({ token: "secret" });
    const answer = assert.rejects(bed.transport.request({ ...get, timeoutMs: 100 }), { code: "ETIMEDOUT" });
    await bed.server.next();
    await bed.clock.advance(100);
    await answer;
  });

  it("says what to check when the kubeconfig points nowhere", async () => {
    await using bed = await open({ token: "secret" });
    const file = join(bed.directory, "nowhere");
    writeFileSync(file, kubeconfig("https://127.0.0.1:1", bed.server.caFile, { token: "secret" }));
    const transport = createKubeconfigTransport({ kubeconfigFile: file, clock: bed.clock });
    await assert.rejects(transport.request(get), {
      message: "cannot reach the API server at https://127.0.0.1:1: ECONNREFUSED; check --kubeconfig",
    });
    transport.close();
  });

  const senseless: Record<string, { text: string | undefined; message: RegExp }> = {
    "names a file that is not there": { text: undefined, message: /^cannot read kubeconfig ".*": ENOENT/ },
    "names a file that is not YAML": { text: "{{{", message: /^cannot read kubeconfig/ },
    "names a file without contexts": { text: "apiVersion: v1\nkind: Config\n", message: /it has no current context$/ },
    "names a context that is not there": {
      text: "apiVersion: v1\nkind: Config\ncurrent-context: gone\n",
      message: /it has no context "gone"$/,
    },
    "names an address that is none": {
      text: kubeconfig("nonsense", "/ca", { token: "t" }),
      message: /"nonsense" is not the address of an API server$/,
    },
  };
  for (const [sentence, { text, message }] of Object.entries(senseless)) {
    it(sentence, () =>
      withFile(text, (file) =>
        assert.throws(() => createKubeconfigTransport({ kubeconfigFile: file, clock: new FakeClock() }), { message }),
      ),
    );
  }
});
