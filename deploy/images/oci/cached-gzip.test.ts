import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { cachedGzip } from "./cached-gzip.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtap-gzip-"));
after(() => rmSync(folder, { recursive: true }));

test("cachedGzip() compresses once, and forgets what this build no longer has", () => {
  const first = cachedGzip(folder);
  assert.deepEqual(gunzipSync(first.compress(Buffer.from("a"), "sha256:aa")), Buffer.from("a"));
  first.compress(Buffer.from("b"), "sha256:bb");
  first.forgetOthers();
  assert.equal(readdirSync(folder).length, 2);

  const second = cachedGzip(folder);
  const [kept = ""] = readdirSync(folder).filter((name) => name.includes("aa"));
  writeFileSync(join(folder, kept), "seen before");
  assert.deepEqual(second.compress(Buffer.from("a"), "sha256:aa"), Buffer.from("seen before"));
  second.forgetOthers();
  assert.deepEqual(readdirSync(folder), [kept]);
});
