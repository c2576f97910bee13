import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags, UsageError } from "./options.ts";

const pod = { server: "https://10.0.0.1:443", caFile: "/sa/ca.crt", tokenFile: "/sa/token" };

test("parseFlags() needs no more than the node's name in a pod", () => {
  assert.deepEqual(parseFlags(["--node-name", "n1"], pod), {
    nodeName: "n1",
    endpoint: pod,
    runDir: "/run/mqtap",
    stateDir: "/var/lib/mqtap",
    hostRoot: "/",
    sysctlRoot: "/proc/sys",
    tuntapSysctl: "net/tuntap/max_queues",
    tunDevice: "/dev/net/tun",
    bootIdFile: "/proc/sys/kernel/random/boot_id",
    hookImageNames: ["mqtap-hook"],
    managedTapBindings: ["mqtap"],
    pluginPath: "/app/mqtap",
    cniBinDir: undefined,
    policyFile: "/etc/cni/mqtap/policy.json",
    policySource: undefined,
    installIntervalMs: 30_000,
    uninstall: false,
    cniConfDirs: ["/etc/cni/net.d"],
    cniCacheDir: "/var/lib/cni/results",
    adoptRunning: false,
    inspectIntervalMs: 30_000,
    overLimitIntervalMs: 60_000,
    healthPort: undefined,
    healthHost: "127.0.0.1",
    driftIntervalMs: 60_000,
    startJitterMs: 0,
    logLevel: "info",
  });
});

test("parseFlags() takes the API server from flags outside a cluster", () => {
  const args = ["--node-name=n1", "--api-server=https://h:1", "--token-file=/t", "--ca-file=/c", "--sysctl-root=/s/"];
  const flags = parseFlags(args, undefined);
  assert.ok(flags !== "help");
  assert.deepEqual(flags.endpoint, { server: "https://h:1", tokenFile: "/t", caFile: "/c" });
  assert.equal(flags.sysctlRoot, "/s/");
});

test("parseFlags() reads lists", () => {
  const flags = parseFlags(["--node-name=n1", "--hook-image-names=a, b", "--managed-tap-bindings=x"], pod);
  assert.ok(flags !== "help");
  assert.deepEqual([flags.hookImageNames, flags.managedTapBindings], [["a", "b"], ["x"]]);
});

test("parseFlags() switches adoption off by an empty cache directory, and that of running VMs on", () => {
  const flags = parseFlags(["--node-name=n1", "--cni-cache-dir=", "--adopt-running"], pod);
  assert.ok(flags !== "help");
  assert.deepEqual([flags.cniCacheDir, flags.adoptRunning], [undefined, true]);
});

test("parseFlags() looks for the sysctls below the host's root, and at the plugin beside the program", () => {
  const flags = parseFlags(["--node-name=n1", "--host-root=/host"], pod, "/elsewhere/mqtap");
  assert.ok(flags !== "help");
  assert.deepEqual([flags.sysctlRoot, flags.pluginPath], ["/host/proc/sys", "/elsewhere/mqtap"]);
});

test("parseFlags() installs where it is told, and leaves the policy to others where its file is none", () => {
  const args = ["--node-name=n1", "--cni-bin-dir=/host/opt/cni/bin", "--policy-file=", "--policy-source=/etc/p.json"];
  const flags = parseFlags([...args, "--uninstall", "--cni-conf-dirs=/a,/b"], pod);
  assert.ok(flags !== "help");
  const { cniBinDir, policyFile, policySource, uninstall, cniConfDirs } = flags;
  assert.deepEqual([cniBinDir, policyFile, policySource], ["/host/opt/cni/bin", undefined, "/etc/p.json"]);
  assert.deepEqual([uninstall, cniConfDirs], [true, ["/a", "/b"]]);
});

test("parseFlags() gives help when asked, whatever else is missing", () => {
  assert.equal(parseFlags(["--help"], undefined), "help");
});

for (const [says, args] of Object.entries({
  "--node-name": [],
  'node-name "Worker One"': ["--node-name=Worker One"],
  unknown: ["--node-name=n1", "--queues=4"],
  positional: ["--node-name=n1", "extra"],
  'api-server "http://h"': ["--node-name=n1", "--api-server=http://h"],
  'run-dir "run"': ["--node-name=n1", "--run-dir=run"],
  'tuntap-sysctl "../x/y"': ["--node-name=n1", "--tuntap-sysctl=../x/y"],
  'tuntap-sysctl "/net/x"': ["--node-name=n1", "--tuntap-sysctl=/net/x"],
  'cni-cache-dir "results"': ["--node-name=n1", "--cni-cache-dir=results"],
  'plugin "mqtap"': ["--node-name=n1", "--plugin=mqtap"],
  'inspect-interval "10ms"': ["--node-name=n1", "--inspect-interval=10ms"],
  'over-limit-interval "often"': ["--node-name=n1", "--over-limit-interval=often"],
  'health-port "65536"': ["--node-name=n1", "--health-port=65536"],
  'drift-interval "1"': ["--node-name=n1", "--drift-interval=1"],
  'drift-interval "0s"': ["--node-name=n1", "--drift-interval=0s"],
  'start-jitter "soon"': ["--node-name=n1", "--start-jitter=soon"],
  'hook-image-names "a,,b"': ["--node-name=n1", "--hook-image-names=a,,b"],
  'log-level "loud"': ["--node-name=n1", "--log-level=loud"],
})) {
  test(`parseFlags() refuses ${args.join(" ") || "no flags"}, naming ${says}`, () => {
    assert.throws(
      () => parseFlags(args, pod),
      (error) => error instanceof UsageError && error.message.toLowerCase().includes(says.toLowerCase()),
    );
  });
}

test("parseFlags() says what to give outside a cluster", () => {
  assert.throws(() => parseFlags(["--node-name=n1"], undefined), /--api-server/);
});
