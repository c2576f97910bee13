// A demo node itself: what is its own, what it shares with the machine, and that nothing of it stays.
import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type CnitoolVerb, runCnitool } from "../../deploy/local/cnitool.ts";
import { CommandError } from "../../deploy/local/command.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type DemoNode, startDemoNode } from "../../deploy/local/demo-node.ts";

describe("a demo node", () => {
  const directory = mkdtempSync(join(tmpdir(), "mqtap-demo-node-"));
  const kept = mkdtempSync("/var/lib/mqtap-demo-node-");
  let node: DemoNode;
  before(async () => {
    writeFileSync(join(kept, "file"), "seen");
    const keepVisible = [kept];
    node = await startDemoNode({ name: "a", hasTuntapSysctl: true, directory: join(directory, "a"), keepVisible });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
    rmSync(kept, { recursive: true });
  });
  const sh = async (script: string): Promise<string> => (await node.run(["sh", "-c", script])).stdout;

  it("has directories of its own below /run and /var/lib", async () => {
    await sh("touch /run/mqtap-own /var/lib/mqtap/own /var/lib/cni/own");
    assert.equal(existsSync("/run/mqtap-own"), false);
    assert.equal(existsSync("/var/lib/mqtap/own"), false);
    assert.equal(existsSync("/var/lib/cni/own"), false);
  });

  it("sees what it is told to keep visible below them", async () => {
    assert.equal(await sh(`cat ${kept}/file`), "seen");
    assert.equal(await sh("ls /var/lib"), `cni\nmqtap\n${kept.replace("/var/lib/", "")}\n`);
  });

  it("has a folder of sysctls, with a tuntap limit only where its kernel knows one", async () => {
    assert.equal(await sh(`cat ${node.sysctlRoot}/net/tuntap/max_queues`), "256\n");
    await using other = await startDemoNode({ name: "b", hasTuntapSysctl: false, directory: join(directory, "b") });
    assert.equal(existsSync(join(other.sysctlRoot, "net/tuntap")), false);
    assert.equal(existsSync(join(other.sysctlRoot, "net/core/netdev_max_backlog")), true);
  });

  it("runs plugins in a network of its own and daemons in the machine's", async () => {
    const ofMachine = readdirSync("/sys/class/net").sort().join("\n");
    const list = ["sh", "-c", "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | sort"];
    assert.equal((await node.run(list)).stdout, "lo\n");
    assert.equal((await node.run(list, { network: "machine" })).stdout, `${ofMachine}\n`);
  });

  describe("through libcni", () => {
    const configDirectory = join(directory, "net.d");
    const binDir = componentDirectory();
    const ipam = { type: "host-local", ranges: [[{ subnet: "10.244.9.0/24" }]] };
    const attachment = { ifName: "eth0", pod: { namespace: "default", name: "virt-launcher-a", uid: "u" } };
    const cnitool = async (verb: CnitoolVerb, network: string, netns: string): Promise<string> => {
      const options = { node, binDir, pluginDirectories: [binDir], configDirectory };
      return (await runCnitool(options, verb, { ...attachment, network, netns })).stdout;
    };
    before(() => {
      mkdirSync(configDirectory);
      for (const [name, type] of Object.entries({ blue: "ptp", red: "absent" })) {
        const list = { cniVersion: "1.0.0", name, plugins: [{ type, ipam }] };
        writeFileSync(join(configDirectory, `${name}.conflist`), JSON.stringify(list));
      }
    });

    it("attaches a pod and detaches it again, all inside the node", async () => {
      const netns = await node.addPodNetns("cni-1");
      assert.match(JSON.parse(await cnitool("add", "blue", netns)).ips[0].address, /^10\.244\.9\./);
      assert.match(await sh(`nsenter --net=${netns} cat /proc/net/dev`), /eth0:/);
      await cnitool("check", "blue", netns);
      await cnitool("del", "blue", netns);
      assert.doesNotMatch(await sh(`nsenter --net=${netns} cat /proc/net/dev`), /eth0:/);
      await node.deletePodNetns("cni-1");
      await node.deletePodNetns("cni-1");
      assert.equal(await sh("ls /run/netns"), "");
    });

    it("removes a pod's namespace that somebody looks into", async () => {
      await node.addPodNetns("cni-2");
      const held = openSync(`/proc/${node.holderPid}/root/run/netns/cni-2`, "r");
      try {
        await node.deletePodNetns("cni-2");
        assert.equal(await sh("ls /run/netns"), "");
      } finally {
        closeSync(held);
      }
    });

    it("hands on why an attachment failed", async () => {
      await assert.rejects(cnitool("add", "red", "/run/netns/none"), (error) => {
        assert.ok(error instanceof CommandError);
        assert.match(error.message, /failed to find plugin "absent"/);
        return true;
      });
    });
  });

  it("refuses a name that is no file name", async () => {
    await assert.rejects(node.addPodNetns("../x"), RangeError);
  });

  it("ends with its daemons and leaves no mount", async () => {
    const logFile = join(directory, "daemon.log");
    const short = await startDemoNode({ name: "c", hasTuntapSysctl: false, directory: join(directory, "c") });
    const daemon = short.spawn(["sleep", "1000"], { name: "daemon", logFile });
    await short[Symbol.asyncDispose]();
    assert.equal(await daemon.ended, "signal SIGTERM");
    assert.equal(existsSync(`/proc/${short.holderPid}`), false);
    assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /mqtap-node/);
  });
});
