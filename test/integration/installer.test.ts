// The installer as it runs on a node: the built agent, the built plugin, real mounts. No API server is there, and it installs
// all the same.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Daemon } from "../../deploy/local/daemon.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { Bed } from "./bed.ts";
import {
  host,
  policyFile,
  prepareHost,
  putSource,
  release,
  startInstallingAgent,
  waitForLine,
} from "./installing-agent.ts";
import { fail, succeed } from "./plugin.ts";

let bed: Bed;
let agents: Daemon[] = [];
const logs = mkdtempSync(join(tmpdir(), "mqtap-installing-"));
after(() => rmSync(logs, { recursive: true }));
beforeEach(async () => {
  bed = await Bed.open();
  prepareHost(bed);
  agents = [];
});
afterEach(async () => {
  for (const agent of agents) await agent.stop("SIGKILL");
  await bed[Symbol.asyncDispose]();
});

let logNumber = 0;
function start(...flags: string[]): Daemon {
  const agent = startInstallingAgent(bed, join(logs, `agent-${logNumber++}.log`), flags);
  agents.push(agent);
  return agent;
}

const installed = (): Buffer | undefined =>
  existsSync(bed.path(host.plugin)) ? readFileSync(bed.path(host.plugin)) : undefined;

/** Waits until the host has exactly these bytes. */
function waitForPlugin(agent: Daemon, bytes: Uint8Array): Promise<true> {
  return waitUntil("the plugin on the host", () => (installed()?.equals(bytes) === true ? true : undefined), {
    seen: () => agent.logTail(30),
  });
}

const own = (): Buffer => readFileSync(bed.path(host.source));
const answers = () => succeed(bed, { command: "VERSION", argv: [host.plugin] });

describe("an agent without an API server", () => {
  test("installs policy and plugin, which then obeys that policy", async () => {
    const agent = start();
    await waitForPlugin(agent, own());
    assert.deepEqual(Object.keys((await answers()) ?? {}), ["cniVersion", "supportedVersions"]);
    const netns = await bed.addNamespace("pod");
    const { code } = await fail(bed, { command: "ADD", netns, argv: [host.plugin], conf: { owner: 0 } });
    assert.equal(code, 109);
    await succeed(bed, { command: "ADD", netns, argv: [host.plugin], conf: { queues: 4 } });
    assert.deepEqual(readdirSync(bed.path(host.cni)).sort(), ["bridge", "mqtap"]);
    await waitForLine(agent, "/opt/cni/bin/mqtap is installed");
    assert.ok(!readFileSync(agent.logFile, "utf8").includes("/run/host"), "paths are the host's");
  });

  test("repairs what is deleted or damaged, and says so", async () => {
    const agent = start();
    await waitForPlugin(agent, own());
    rmSync(bed.path(host.plugin));
    await waitForPlugin(agent, own());
    await waitForLine(agent, "was deleted and is installed again");
    writeFileSync(bed.path(host.plugin), own().subarray(0, 100_000));
    await waitForPlugin(agent, own());
    await waitForLine(agent, "was damaged and is installed again");
    writeFileSync(bed.path(policyFile), "{");
    await waitUntil("the policy", () => (readFileSync(bed.path(policyFile), "utf8") === "{" ? undefined : true));
    assert.deepEqual((await answers())?.["cniVersion"], "1.1.0");
  });

  test("says what is wrong with a directory that is read-only, and installs when that changes", async () => {
    await bed.must("mount", "--bind", "-o", "ro", host.cni, host.cni);
    const agent = start();
    await waitForLine(agent, "DirectoryReadOnly", "EROFS", "--cni-bin-dir");
    assert.equal(installed(), undefined);
    await waitForLine(agent, "sizing socket listens");
    await bed.must("mount", "-o", "remount,bind,rw", host.cni);
    await waitForPlugin(agent, own());
  });

  test("keeps the running release where the new one cannot be executed", async () => {
    const agent = start();
    await waitForPlugin(agent, own());
    const first = own();
    await agent.stop("SIGKILL");
    await bed.must("mount", "--bind", host.cni, host.cni);
    await bed.must("mount", "-o", "remount,bind,noexec", host.cni);
    putSource(bed, release(bed, "2"));
    const next = start();
    await waitForLine(next, "HostIncompatible", "EACCES", "noexec", "stays");
    assert.ok(installed()?.equals(first));
    await bed.must("umount", host.cni);
    await waitForPlugin(next, own());
  });

  test("keeps the running release where the disk is full", async () => {
    const size = `size=${own().length + 500_000}`;
    await bed.must("mount", "-t", "tmpfs", "-o", size, "tmpfs", host.cni);
    const agent = start();
    await waitForPlugin(agent, own());
    const first = own();
    putSource(bed, release(bed, "2"));
    await waitForLine(agent, "DiskFull", "ENOSPC", "stays");
    assert.ok(installed()?.equals(first));
    assert.deepEqual(readdirSync(bed.path(host.cni)), ["mqtap"]);
    await answers();
  });

  test("leaves a foreign program of that name alone, also one that cannot be asked", async () => {
    await bed.must("cp", "/bin/true", host.plugin);
    const foreign = installed();
    const agent = start();
    await waitForLine(agent, "ForeignFile", "/opt/cni/bin/mqtap is another program", "remove it");
    assert.ok(foreign !== undefined && installed()?.equals(foreign));
    rmSync(bed.path(host.plugin));
    await waitForPlugin(agent, own());
  });

  test("names a directory that is not there, and one that no runtime seems to use", async () => {
    rmSync(bed.path(`${host.cni}/bridge`));
    await waitForLine(start(), "DirectoryWithoutPlugins", "/opt/cni/bin holds no plugin but mqtap");
    for (const agent of agents) await agent.stop("SIGKILL");
    rmSync(bed.path(host.cni), { recursive: true });
    await waitForLine(start(), "DirectoryMissing", "/opt/cni/bin is not there");
  });

  test("does not start beside another one on the same node, and says so", async () => {
    const first = start();
    await waitForLine(first, "sizing socket listens");
    const second = start();
    assert.equal(await second.ended, "exit status 1");
    await waitForLine(second, "another agent answers there");
    await waitForPlugin(first, own());
  });
});

test("agents of two releases that are killed at any moment leave a plugin that always answers and always adds", async () => {
  const releases = [release(bed, "1"), release(bed, "2")] as const;
  putSource(bed, releases[0]);
  await waitForPlugin(start(), releases[0]);
  const netns = await bed.addNamespace("pod");
  const call = { netns, argv: [host.plugin], conf: { queues: 2 } };
  let isOver = false;
  let calls = 0;
  const calling = (async () => {
    for (; !isOver; calls++) {
      await succeed(bed, { ...call, command: "ADD" });
      await succeed(bed, { ...call, command: "DEL" });
    }
  })();
  for (let round = 0; round < 20; round++) {
    for (const agent of agents.splice(0)) await agent.stop("SIGKILL");
    putSource(bed, releases[round % 2 === 0 ? 1 : 0]);
    const agent = start();
    // From before it has begun to well after it has ended, in steps.
    await waitForLine(agent, "sizing socket listens");
    await delay(round * 5);
    const found = installed();
    assert.ok(
      releases.some((bytes) => found?.equals(bytes)),
      `round ${round}: half a plugin, ${found?.length} of ${own().length} bytes`,
    );
  }
  const last = agents[0];
  assert.ok(last !== undefined);
  await waitForPlugin(last, releases[0]);
  isOver = true;
  await calling;
  assert.ok(calls > 0);
  assert.deepEqual(readdirSync(bed.path(host.cni)).sort(), ["bridge", "mqtap"]);
});
