import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { agentBed, profileOf, until } from "../../test/agent/agent-bed.ts";
import { cacheEntry } from "../../test/fakes/fake-cache-directory.ts";
import { profilePath } from "./observed-profile.ts";

test("a runtime whose cache is of no use makes the node Degraded, until it is of use", async (t) => {
  const { cluster, dir, start, condition } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  mkdirSync(dir("results"));
  const entry = join(dir("results"), "net-c1-eth0");
  writeFileSync(entry, cacheEntry().replace(/"netns":"[^"]*",?/, ""));
  start(`--cni-cache-dir=${dir("results")}`);
  await until(() => condition("Degraded")?.status === "True");
  const { reason, message } = condition("Degraded") ?? {};
  assert.equal(reason, "AdoptionUnavailable");
  assert.match(
    message ?? "",
    /^taps that KubeVirt makes itself are not adopted on this node: entries in .* update the runtime/,
  );
  assert.equal(condition("Applied")?.status, "True");
  rmSync(entry);
  await until(() => condition("Degraded")?.status === "False");
});
