// The built plugin on another kernel than the machine's: Debian's own, in a machine with nothing but a static busybox.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseAlias } from "../../cni/tap/alias.ts";
import { findKernel } from "./kernel.ts";
import { makePod, podFiles, podPrelude } from "./pod.ts";
import { type Outcome, runSteps } from "./steps.ts";

const conf = JSON.stringify({
  cniVersion: "1.1.0",
  name: "blue",
  type: "mqtap",
  queues: 4,
  mtu: 9000,
  mac: "02:00:00:00:00:01",
  bridge: "br0",
});
const withAddresses = JSON.stringify({
  cniVersion: "1.1.0",
  name: "green",
  type: "mqtap",
  queues: 2,
  ipam: {
    type: "static",
    addresses: [{ address: "10.9.0.2/24", gateway: "10.9.0.1" }, { address: "fd00::2/64" }],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "fd01::/64", gw: "fd00::1" }],
  },
});
const directory = mkdtempSync(join(tmpdir(), "mqtap-boot-"));
after(() => rmSync(directory, { recursive: true }));

let outcomes: ReadonlyMap<string, Outcome>;
/** What a step said; it must have succeeded. */
function said(step: string): string {
  const { status, stdout, stderr } = outcomes.get(step) ?? { status: -1, stdout: "", stderr: "no such step" };
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

const kernel = findKernel();

describe(`the plugin on Linux ${kernel.release} (${kernel.origin})`, () => {
  before(async () => {
    outcomes = await runSteps(
      { kernel, modules: ["tun", "bridge"], files: podFiles(directory), prelude: podPrelude },
      {
        release: "uname -r",
        modules: "mount -t securityfs none /sys/kernel/security && cat /sys/kernel/security/lsm",
        pod: `${makePod} && /usr/bin/ip -n pod link add br0 type bridge`,
        version: "cni VERSION eth0 ''",
        status: `cni STATUS eth0 '${conf}'`,
        add: `cni ADD eth0 '${conf}'`,
        check: `cni CHECK eth0 '{"prevResult":'"$(cni ADD eth0 '${conf}')"',${conf.slice(1)}'`,
        flags: "tap_files eth0 'tun_flags owner group mtu address ifalias flags'",
        master: "/usr/bin/ip -n pod -d -o link show eth0",
        attach: "in_pod attach eth0 4 107",
        "attach as somebody else": "in_pod attach eth0 4 108",
        "attach with one queue": "in_pod attach eth0 1 107",
        "reattach after ADD": `cni ADD eth0 '${conf}' >/tmp/again && in_pod attach eth0 256 107`,
        "label without SELinux": `cni ADD tap0 '{"selinuxContext":"system_u:system_r:vm_t:s0",${conf.slice(1)}'`,
        "links then": "links",
        del: `cni DEL eth0 '${conf}' && cni DEL eth0 '${conf}'`,
        links: "links",
        "ADD with addresses": `cni ADD eth1 '${withAddresses}'`,
        addresses: "/usr/bin/ip -n pod -o addr show dev eth1",
        routes: "/usr/bin/ip -n pod route show dev eth1; /usr/bin/ip -n pod -6 route show dev eth1",
        "CHECK of addresses": `cni CHECK eth1 '{"prevResult":'"$(cni ADD eth1 '${withAddresses}')"',${withAddresses.slice(1)}'`,
        inspect: "mqtap inspect --netns /run/netns/pod -o json",
        "DEL with addresses": `cni DEL eth1 '${withAddresses}' && links`,
      },
    );
  });

  it("is the kernel that runs in the guest", (t) => {
    assert.equal(said("release"), `${kernel.release}\n`);
    t.diagnostic(`${kernel.origin} under ${qemuVersion()}; the machine's own is ${machineRelease()}`);
  });

  it("answers VERSION and STATUS", () => {
    said("pod");
    assert.ok(said("version").startsWith('{"cniVersion":"1.1.0"'));
    assert.equal(said("status"), "");
  });

  it("makes the tap whole: flags, owner, group, mtu, mac, alias, port of the bridge, noqueue, up", () => {
    const result = JSON.parse(said("add"));
    assert.deepEqual(result.interfaces, [
      { name: "eth0", mac: "02:00:00:00:00:01", mtu: 9000, sandbox: "/run/netns/pod" },
    ]);
    const [tunFlags, owner, group, mtu, mac, alias, flags] = said("flags").split("\n");
    // IFF_MULTI_QUEUE | IFF_PERSIST | IFF_NO_PI | IFF_TAP of linux/if_tun.h
    assert.equal(Number(tunFlags), 0x0100 | 0x0800 | 0x1000 | 0x0002);
    assert.deepEqual([owner, group, mtu, mac], ["107", "107", "9000", "02:00:00:00:00:01"]);
    assert.deepEqual([parseAlias(alias)?.queues, parseAlias(alias)?.mode], [4, "main"]);
    assert.equal(Number(flags) & 1, 1);
    assert.match(said("master"), / master br0 .* qdisc noqueue |qdisc noqueue .*master br0 /);
    assert.equal(said("check"), "");
  });

  it("gives QEMU's user its queues, and nobody else", () => {
    assert.equal(said("attach"), "4 queues\n");
    assert.equal(said("reattach after ADD"), "256 queues\n");
    assert.deepEqual(outcomes.get("attach as somebody else")?.stdout, "queue 1: TUNSETIFF EPERM\n");
    assert.deepEqual(outcomes.get("attach with one queue")?.stdout, "queue 1: TUNSETIFF EINVAL\n");
  });

  it("refuses a label where another security module is in charge, and makes nothing", () => {
    assert.match(said("modules"), /apparmor/);
    const { code, msg } = JSON.parse(outcomes.get("label without SELinux")?.stdout ?? "");
    assert.equal(code, 2);
    assert.match(msg, /^unsupported field "selinuxContext": "system_u:system_r:vm_t:s0": .*remove the field/);
    assert.equal(said("links then"), "lobr0eth0");
  });

  it("leaves nothing behind after DEL", () => {
    assert.equal(said("del"), "");
    assert.equal(said("links"), "lobr0");
  });

  it("sets the addresses and routes of an IPAM plugin, and finds them again", () => {
    assert.equal(JSON.parse(said("ADD with addresses")).ips.length, 2);
    assert.match(said("addresses"), / inet 10\.9\.0\.2\/24 /);
    assert.match(said("addresses"), / inet6 fd00::2\/64 scope global nodad /);
    assert.match(said("routes"), /^default via 10\.9\.0\.1 /m);
    assert.match(said("routes"), /^fd01::\/64 via fd00::1 /m);
    assert.equal(said("CHECK of addresses"), "");
    assert.equal(said("DEL with addresses"), "lobr0");
  });

  it("inspects its tap", () => {
    const { taps } = JSON.parse(said("inspect"));
    assert.equal(taps.length, 1);
    const { name, isMultiQueue, owner, qdisc, mark } = taps[0];
    assert.deepEqual([name, isMultiQueue, owner, qdisc, mark.queues], ["eth1", true, 107, "noqueue", 2]);
  });
});

function machineRelease(): string {
  return spawnSync("uname", ["-r"], { encoding: "utf8" }).stdout.trim();
}

function qemuVersion(): string {
  return spawnSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" }).stdout.split("\n")[0] ?? "";
}
