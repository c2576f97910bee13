// What becomes of tap and address when something fails between the two, with the real host-local and with plugins that misbehave.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { eventually } from "../fakes/eventually.ts";
import { cniPath, hostLocal, installPlugin, reservedAddresses } from "./ipam-plugins.ts";
import { fail, invoke, type PluginCall, succeed } from "./plugin.ts";
import { podPerTest, type TestPod } from "./pod-per-test.ts";

let pod: TestPod;
podPerTest(async (entered) => {
  pod = entered;
  await pod.bed.must("rm", "-rf", "/var/lib/cni", "/run/ipam");
});

const callOf = (conf: Readonly<Record<string, unknown>> | string): Omit<PluginCall, "command"> => ({
  netns: pod.netns,
  env: { CNI_PATH: cniPath },
  conf,
});

async function assertNothingLeft(): Promise<void> {
  assert.equal((await pod.bed.links(pod.namespace)).length, 1);
  assert.deepEqual(await reservedAddresses(pod.bed), []);
}

describe("ADD with addresses of host-local", () => {
  const refused: Record<string, { conf: Record<string, unknown>; code: number; msg: RegExp }> = {
    "the bridge is not there": { conf: { bridge: "br0" }, code: 105, msg: /"bridge": "br0"/ },
    "a route cannot be": {
      conf: { ipam: { ...hostLocal, routes: [{ dst: "10.9.0.0/16", gw: "192.168.0.1" }] } },
      code: 102,
      msg: /RTM_NEWROUTE 10\.9\.0\.0\/16 via 192\.168\.0\.1.*ENETUNREACH/,
    },
    "the range is wrong": {
      conf: { ipam: { ...hostLocal, ranges: [[{ subnet: "10.1.2.0/33" }]] } },
      code: 120,
      msg: /IPAM plugin "host-local": .*10\.1\.2\.0\/33/,
    },
    "the range is used up": {
      conf: {
        ipam: { ...hostLocal, ranges: [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.2.1", rangeEnd: "10.1.2.1" }]] },
      },
      code: 120,
      msg: /no IP addresses available/,
    },
    "the result cannot be written": { conf: { prevResult: { interfaces: 5 } }, code: 7, msg: /"interfaces" is 5/ },
  };
  for (const [what, { conf, code, msg }] of Object.entries(refused)) {
    test(`leaves neither tap nor address when ${what}`, async () => {
      const error = await fail(pod.bed, { ...callOf({ ipam: hostLocal, ...conf }), command: "ADD" });
      assert.equal(error.code, code, error.msg);
      assert.match(error.msg, msg);
      await assertNothingLeft();
    });
  }

  test("leaves the address of a link that has the name already to that link", async () => {
    const { bed, namespace } = pod;
    await bed.must("ip", "-n", namespace, "link", "add", "eth0", "type", "bridge");
    assert.equal((await fail(bed, { ...callOf({ ipam: hostLocal }), command: "ADD" })).code, 100);
    assert.ok(!existsSync(bed.path("/var/lib/cni")), "the plugin ran");
  });

  test("replaces its own leftover, with one address in the end", async () => {
    const call = callOf({ ipam: hostLocal });
    await succeed(pod.bed, { ...call, command: "ADD" });
    await succeed(pod.bed, { ...call, command: "ADD" });
    assert.deepEqual(await reservedAddresses(pod.bed), ["10.1.2.3", "fd00:1:2::3"]);
    await succeed(pod.bed, { ...call, command: "DEL" });
    await assertNothingLeft();
  });

  for (const netns of ["", "/run/netns/gone"]) {
    test(`is released by DEL with CNI_NETNS="${netns}"`, async () => {
      const call = callOf({ ipam: hostLocal });
      await succeed(pod.bed, { ...call, command: "ADD" });
      await succeed(pod.bed, { ...call, netns, command: "DEL" });
      assert.deepEqual(await reservedAddresses(pod.bed), []);
    });
  }

  for (const key of ['"ipam"', '"IPAM"', '"\\u0069pam"', '"ip\\u0061m"']) {
    test(`takes the key ${key}, as Go does`, async () => {
      const text = `{"cniVersion":"1.1.0","name":"net","type":"mqtap",${key}:${JSON.stringify(hostLocal)}}`;
      const result = await succeed(pod.bed, { ...callOf(text), command: "ADD" });
      assert.equal(Object(result?.["ips"]).length, 2);
      await succeed(pod.bed, { ...callOf(text), command: "DEL" });
      await assertNothingLeft();
    });
  }
});

/** An answer that makes a tap. */
const answer = JSON.stringify({ cniVersion: "1.1.0", ips: [{ address: "10.5.0.7/24" }] });
/** Keeps what it is asked in /run/asked, and answers ADD by `whenAdded`. */
const scripted = (whenAdded: string) =>
  `echo "$CNI_COMMAND" >> /run/ipam/asked\nif [ "$CNI_COMMAND" != ADD ]; then exit 0; fi\n${whenAdded}`;
const asked = () => readFileSync(pod.bed.path("/run/ipam/asked"), "utf8").trim().split("\n");

describe("ADD with a plugin that misbehaves", () => {
  const scripts: Record<string, { script: string; msg: RegExp }> = {
    "prints nothing": { script: "cat > /dev/null", msg: /it printed nothing, which is no result$/ },
    "prints garbage": { script: "echo oops", msg: /it printed "oops", which is no result$/ },
    "prints two documents": { script: `echo '${answer}'; echo '${answer}'`, msg: /which is no result$/ },
    "prints 2 MB of JSON": {
      script: `printf '{"x":"'; head -c 2000000 /dev/zero | tr '\\0' x; printf '"}'`,
      msg: /it printed .{1,90}…, which is no result$/,
    },
    "prints 9 MB": { script: "head -c 9000000 /dev/zero | tr '\\0' x", msg: /it printed more than 8 MiB$/ },
    "prints bytes that are no text": { script: "printf '\\377\\376'", msg: /which is no result$/ },
    "reads no stdin and fails": { script: "exit 3", msg: /it ended with status 3 and printed nothing$/ },
    "is killed": { script: "kill -9 $$", msg: /it was killed by signal 9 and printed nothing$/ },
    "gives no address": { script: 'echo \'{"cniVersion":"1.1.0"}\'', msg: /it gave no address$/ },
    "says what is no address": {
      script: `echo '{"ips":[{"address":"10.5.0.7"}]}'`,
      msg: /"address": "10\.5\.0\.7" is not an address with its prefix length$/,
    },
  };
  for (const [what, { script, msg }] of Object.entries(scripts)) {
    test(`fails and releases when it ${what}`, async () => {
      installPlugin(pod.bed, "odd", scripted(script));
      const error = await fail(pod.bed, { ...callOf({ ipam: { type: "odd" } }), command: "ADD" });
      assert.equal(error.code, 120, error.msg);
      assert.match(error.msg, /^cannot get addresses: IPAM plugin "odd": /);
      assert.match(error.msg, msg);
      assert.deepEqual(asked(), ["ADD", "DEL"]);
      await assertNothingLeft();
    });
  }

  test("takes a file that is none for absent, and one that cannot be run for a failure", async () => {
    installPlugin(pod.bed, "odd", "");
    await pod.bed.must("mkdir", "/run/ipam/directory");
    const call = { ...callOf({ ipam: { type: "directory" } }), command: "ADD" };
    assert.equal((await fail(pod.bed, call)).code, 121);
    await pod.bed.must("chmod", "0644", "/run/ipam/odd");
    const { code, msg } = await fail(pod.bed, { ...call, conf: { ipam: { type: "odd" } } });
    assert.deepEqual([code, msg], [120, 'cannot get addresses: IPAM plugin "odd": it cannot be started (EACCES)']);
    await assertNothingLeft();
  });

  test("passes the plugin's words on stderr on", async () => {
    installPlugin(pod.bed, "odd", scripted(`echo "a word" >&2; echo '${answer}'`));
    const { status, stderr } = await invoke(pod.bed, { ...callOf({ ipam: { type: "odd" } }), command: "ADD" });
    assert.deepEqual([status, stderr], [0, "a word\n"]);
  });

  test("gives the plugin every variable, and of a key given twice what was held against the policy", async () => {
    installPlugin(pod.bed, "odd", `env | grep ^CNI_ | sort > /run/ipam/env; cat > /run/ipam/stdin; echo '${answer}'`);
    const rest = '"cniVersion":"1.1.0","name":"net","x":["a",1]';
    const text = `{${rest}, "ipam":{"type":"odd","dataDir":"/etc"}, "ipam":{"type":"odd"}}`;
    await succeed(pod.bed, { ...callOf(text), command: "ADD", args: "IP=10.5.0.9" });
    assert.equal(readFileSync(pod.bed.path("/run/ipam/stdin"), "utf8"), `{${rest},"ipam":{"type":"odd"}}`);
    assert.deepEqual(readFileSync(pod.bed.path("/run/ipam/env"), "utf8").trim().split("\n"), [
      "CNI_ARGS=IP=10.5.0.9",
      "CNI_COMMAND=ADD",
      "CNI_CONTAINERID=c1",
      "CNI_IFNAME=eth0",
      `CNI_NETNS=${pod.netns}`,
      `CNI_PATH=${cniPath}`,
    ]);
  });

  test("outlives the plugin that runs it, whose tap goes, and DEL clears up", async () => {
    const { bed, namespace } = pod;
    // Waits for a word, until then its caller waits for it.
    const wait = "echo $$ > /run/ipam/begun; read word < /run/ipam/fifo; echo ended >> /run/ipam/asked";
    await bed.must("sh", "-c", "mkdir -p /run/ipam; mkfifo /run/ipam/fifo");
    installPlugin(bed, "odd", scripted(wait));
    const call = callOf({ ipam: { type: "odd" } });
    const argv = ["sh", "-c", "echo $$ > /run/ipam/caller; exec /run/bin/mqtap"];
    const running = invoke(bed, { ...call, command: "ADD", argv });
    await eventually("the plugin waits", () => existsSync(bed.path("/run/ipam/begun")));
    assert.equal((await bed.links(namespace)).length, 2);
    process.kill(Number(readFileSync(bed.path("/run/ipam/caller"), "utf8")), "SIGKILL");
    await bed.must("sh", "-c", "echo word > /run/ipam/fifo");
    // Not before the IPAM plugin, too, has closed its stderr.
    assert.equal((await running).status, null);
    assert.deepEqual(asked(), ["ADD", "ended"]);
    assert.equal((await bed.links(namespace)).length, 1);
    await succeed(bed, { ...call, command: "DEL" });
    assert.deepEqual(asked(), ["ADD", "ended", "DEL"]);
  });
});

describe("DEL with a plugin that fails", () => {
  test("has removed the tap, and succeeds when the plugin does", async () => {
    const { bed, namespace } = pod;
    installPlugin(bed, "odd", `echo '${answer}'`);
    const call = callOf({ ipam: { type: "odd" } });
    await succeed(bed, { ...call, command: "ADD" });
    installPlugin(bed, "odd", `echo '{"code":999,"msg":"disk full","details":"/var"}'; exit 1`);
    const error = await fail(bed, { ...call, command: "DEL" });
    assert.deepEqual(
      [error.code, error.msg, error.details],
      [120, 'cannot release addresses: IPAM plugin "odd": disk full', "its code is 999: /var"],
    );
    assert.equal((await bed.links(namespace)).length, 1);
    await bed.must("rm", "/run/ipam/odd");
    assert.equal((await fail(bed, { ...call, command: "DEL" })).code, 121);
    installPlugin(bed, "odd", "");
    await succeed(bed, { ...call, command: "DEL" });
  });
});

describe("STATUS and GC", () => {
  test("are forwarded, and tell what the plugin says", async () => {
    const { bed } = pod;
    installPlugin(bed, "odd", `echo "$CNI_COMMAND" >> /run/ipam/asked`);
    const call = callOf({ ipam: { type: "odd" }, "cni.dev/valid-attachments": [] });
    await succeed(bed, { ...call, command: "STATUS" });
    await succeed(bed, { ...call, command: "GC" });
    assert.deepEqual(asked(), ["STATUS", "GC"]);
    installPlugin(bed, "odd", `echo '{"code":51,"msg":"range exhausted"}'; exit 1`);
    const status = await fail(bed, { ...call, command: "STATUS" });
    assert.deepEqual([status.code, status.msg], [51, 'cannot serve ADD: IPAM plugin "odd": range exhausted']);
    assert.equal((await fail(bed, { ...call, command: "GC" })).code, 106);
  });
});
