// Addresses of the real dhcp plugin and its daemon: the only IPAM plugin that needs the interface while it is asked, and once more
// when it is asked to release. With mqtap and with the reference plugin.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Daemon, startDaemon } from "../../deploy/local/daemon.ts";
import { eventually } from "../fakes/eventually.ts";
import type { DhcpOffer } from "./dhcp-message.ts";
import { cniPath, componentDirectory, seenAddresses } from "./ipam-plugins.ts";
import { fail, invoke, type PluginCall } from "./plugin.ts";
import { podPerTest, type TestPod } from "./pod-per-test.ts";

let pod: TestPod;
podPerTest((entered) => {
  pod = entered;
});

/** Where the plugin looks for its daemon unless it is told. */
const socketPath = "/run/cni/dhcp.sock";
const offer: DhcpOffer = {
  server: "10.44.0.1",
  address: "10.44.0.77",
  mask: "255.255.255.0",
  gateway: "10.44.0.1",
  leaseSeconds: 3600,
};
const conf = { ipam: { type: "dhcp" }, multiQueue: true, owner: 107, group: 107 };

/** The daemon, in the bed's mount and network namespaces. */
async function startDhcpDaemon(...limits: readonly string[]): Promise<Daemon> {
  const { bed } = pod;
  const namespaces = bed.path("").replace(/root$/, "ns");
  const enter = ["nsenter", `--mount=${namespaces}/mnt`, `--net=${namespaces}/net`];
  const argv = [...enter, join(componentDirectory, "dhcp"), "daemon", "-socketpath", socketPath, ...limits];
  const daemon = startDaemon({ name: "dhcp", argv, logFile: bed.path("/run/dhcp.log") });
  await eventually("the daemon listens", () => existsSync(bed.path(socketPath)) || !daemon.isRunning);
  assert.ok(daemon.isRunning, daemon.logTail());
  return daemon;
}

/** The server behind the pod's tap, and what it has heard. */
async function startServer(): Promise<{ readonly heard: () => readonly string[] } & AsyncDisposable> {
  const program = fileURLToPath(new URL("dhcp-server-program.ts", import.meta.url));
  const argv = [`--net=${pod.bed.path(pod.netns)}`, process.execPath, program, "eth0", JSON.stringify(offer)];
  const server = spawn("nsenter", argv, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  server.stdout.on("data", (data) => {
    output += String(data);
  });
  const ended = once(server, "exit");
  await eventually("the server waits for the tap", () => output !== "");
  return {
    heard: () => output.split("\n").slice(1, -1),
    [Symbol.asyncDispose]: async () => {
      server.stdin.end();
      await ended;
    },
  };
}

async function act(call: PluginCall): Promise<Record<string, unknown> | undefined> {
  const { status, stdout, stderr } = await invoke(pod.bed, call);
  assert.equal(status, 0, `${call.command} failed: ${stdout}${stderr}`);
  return stdout === "" ? undefined : JSON.parse(stdout);
}

const programs = { mqtap: "/run/bin/mqtap", reference: realpathSync(join(componentDirectory, "tap")) };

function callOf(program: string): Omit<PluginCall, "command"> {
  return { netns: pod.netns, env: { CNI_PATH: cniPath }, argv: [program], conf };
}

describe("a tap with an address of dhcp", () => {
  for (const [name, program] of Object.entries(programs)) {
    test(`of ${name} has its lease while it lives, and the server hears of its end`, async () => {
      const { bed, namespace } = pod;
      await using daemon = await startDhcpDaemon("-timeout", "2s");
      await using server = await startServer();
      const call = callOf(program);
      const result = await act({ ...call, command: "ADD" });
      assert.deepEqual(result?.["ips"], [{ interface: 0, address: "10.44.0.77/24", gateway: "10.44.0.1" }]);
      const { addresses, routes } = await seenAddresses(bed, namespace, "eth0");
      assert.deepEqual(
        addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
        ["10.44.0.77/24"],
      );
      assert.deepEqual(
        routes.map(({ dst, gateway }) => [dst, gateway]),
        [
          ["default", "10.44.0.1"],
          ["10.44.0.0/24", undefined],
        ],
      );
      await act({ ...call, command: "CHECK", conf: { ...conf, prevResult: result } });
      assert.ok(!server.heard().includes("RELEASE"));
      await act({ ...call, command: "DEL" });
      await eventually("the server hears of the end", () => server.heard().includes("RELEASE"));
      assert.equal((await bed.links(namespace)).length, 1, daemon.logTail());
    });
  }

  test("is not made where no server answers", async () => {
    const { bed, namespace } = pod;
    await using daemon = await startDhcpDaemon("-timeout", "100ms", "-resendtimeout", "300ms");
    const { code, msg } = await fail(bed, { ...callOf(programs.mqtap), command: "ADD" });
    assert.equal(code, 120);
    assert.match(msg, /^cannot get addresses: IPAM plugin "dhcp": .*no more tries$/);
    assert.equal((await bed.links(namespace)).length, 1, daemon.logTail());
  });

  test("is not made where no daemon runs", async () => {
    const { bed, namespace } = pod;
    const { code, msg } = await fail(bed, { ...callOf(programs.mqtap), command: "ADD" });
    assert.equal(code, 120);
    assert.match(msg, /^cannot get addresses: IPAM plugin "dhcp": .*\/run\/cni\/dhcp\.sock/);
    assert.equal((await bed.links(namespace)).length, 1);
  });
});
