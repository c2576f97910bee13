// A node where SELinux is enforcing: who may open a tap is decided by the label of the task that made it. The policy is a
// small one of ours (selinux-policy.conf); the kernel's checks are those of every distribution.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { formatSizingAnswer } from "../../cni/sizing/protocol.ts";
import { compilePolicy } from "./compile.ts";
import { findKernel } from "./kernel.ts";
import { makePod, podFiles, podPrelude } from "./pod.ts";
import { type Outcome, runSteps } from "./steps.ts";

const vm = "system_u:system_r:vm_t:s0";
const launcher = "K8S_POD_NAMESPACE=vms;K8S_POD_NAME=virt-launcher-blue-x;K8S_POD_UID=u";
const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0", sandbox: "/run/netns/pod" }] };
const conf = (fields: object) => JSON.stringify({ cniVersion: "1.1.0", name: "blue", type: "mqtap", ...fields });
const main = conf({ queues: 4 });
const companion = conf({ sizing: "vm", prevResult });
const labelled = (selinuxContext: string) => conf({ queues: 4, selinuxContext });
const answer = { kind: "tap", queues: 4, owner: 107, group: 107, tapName: "tap0", why: "4 vCPUs" } as const;

const prelude = `${podPrelude}
as() { ( label=$1; shift; echo -n "$label" >/proc/self/attr/exec && exec "$@" ); }
open_as() { as $1 /bin/nsenter --net=/run/netns/pod attach tap0 4 107; }
open_as_vm() { open_as ${vm}; }
# Kills labelled ADDs, each a little later in its life, and counts what is there once no process of ours is.
kill_adds() {
  echo '${labelled(vm)}' >/tmp/conf
  for i in $(seq 0 $1); do
    CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/pod CNI_IFNAME=tap0 CNI_PATH=/bin mqtap </tmp/conf >/dev/null &
    sleep $(printf 0.%03d $((i * 2)))
    kill -9 $! && echo killed || echo finished
    wait $! 2>/dev/null
    for try in $(seq 50); do ps | grep -v answer | grep -q '[m]qtap' || break; sleep 0.1; done
    if in_pod test -e /proc/sys/net/ipv4/conf/tap0; then tap_files tap0 ifalias | cut -c1-7; else echo nothing; fi
    cni DEL tap0 "$(cat /tmp/conf)" && [ $(links) = lo ] || echo left
  done
}
# The kernel writes denials from a thread of its own, a moment later.
denials() { for try in $(seq 50); do dmesg | grep -a 'avc: *denied.*tclass=tun_socket' && return; sleep 0.1; done; false; }
`;
const steps = {
  // Without a limit, so that no denial is left out of the kernel's log.
  load: "echo 0 >/proc/sys/kernel/printk_ratelimit; mount -t selinuxfs none /sys/fs/selinux && dd if=/selinux-policy of=/sys/fs/selinux/load bs=1M",
  label: "cat /sys/fs/selinux/enforce /proc/self/attr/current",
  pod: `${makePod} && mkdir -m 700 /run/mqtap && answer /run/mqtap/agent.sock '${formatSizingAnswer(answer).trim()}'`,

  "companion passes": `cni ADD eth0 '${companion}' '${launcher}'`,
  "links after passing": "links",

  "main ADD": `cni ADD tap0 '${main}'`,
  "a VM opens the maker's tap": "open_as_vm",
  denial: "denials",
  "the maker opens its own": "in_pod attach tap0 4 107",
  "main DEL": `cni DEL tap0 '${main}'`,

  "labelled ADD": `cni ADD tap0 '${labelled(vm)}'`,
  "labelled CHECK": `cni CHECK tap0 '${conf({ queues: 4, selinuxContext: vm, prevResult: { cniVersion: "1.1.0", interfaces: [{ name: "tap0", sandbox: "/run/netns/pod" }] } })}'`,
  "labelled flags": "tap_files tap0 'tun_flags owner group ifalias'",
  "another category opens it": `open_as ${vm}:c1`,
  "a VM opens its tap": "open_as_vm && open_as_vm",
  "labelled ADD again": `cni ADD tap0 '${labelled(vm)}' >/tmp/again && open_as_vm`,
  "labelled DEL": `cni DEL tap0 '${labelled(vm)}' && links`,

  "killed ADDs": "kill_adds 30 2>/dev/null | sort | uniq -c",

  "category ADD": `cni ADD tap0 '${labelled(`${vm}:c1`)}'`,
  "no category opens it": "open_as_vm",
  "its category opens it": `open_as ${vm}:c1`,
  "category DEL": `cni DEL tap0 '${main}' && links`,

  "unknown type": `cni ADD tap0 '${labelled("system_u:system_r:nosuch_t:s0")}'`,
  "links after unknown type": "links",
  "forbidden type": `cni ADD tap0 '${labelled("system_u:system_r:other_t:s0")}'`,
  "links after forbidden type": "links",
  "type without taps": `cni ADD tap0 '${labelled("system_u:system_r:weak_t:s0")}'`,
  "links after type without taps": "links",
  "processes left": "ps | grep -v answer | grep -c '[m]qtap'",

  "reference ADD": `plugin=reference-tap; cni ADD tap0 '${conf({ multiQueue: true, owner: 107, group: 107 })}'`,
  "a VM opens the reference's": "open_as_vm",
  "reference DEL": `plugin=reference-tap; cni DEL tap0 '${main}'`,
  "labelled reference ADD": `plugin=reference-tap; cni ADD tap0 '${conf({ multiQueue: true, owner: 107, group: 107, selinuxContext: vm })}'`,
  "a VM opens the reference's labelled": "open_as_vm",
  "labelled reference DEL": `plugin=reference-tap; cni DEL tap0 '${main}'`,

  permissive: "dmesg -c >/dev/null; echo 0 >/sys/fs/selinux/enforce; cat /sys/fs/selinux/enforce",
  "companion ADD": `cni ADD eth0 '${companion}' '${launcher}'`,
  "companion flags": "tap_files tap0 'tun_flags ifalias'",
  "a VM opens the companion": "open_as_vm",
  "permissive denial": "denials",
  "companion DEL": `cni DEL eth0 '${companion}' && links`,
};

const directory = mkdtempSync(join(tmpdir(), "mqtap-selinux-"));
after(() => rmSync(directory, { recursive: true }));

let outcomes: ReadonlyMap<string, Outcome>;
before(async () => {
  compilePolicy("selinux-policy.conf", join(directory, "policy"));
  const files = { ...podFiles(directory), "/selinux-policy": { from: join(directory, "policy") } };
  const append = "security=selinux selinux=1 enforcing=1";
  outcomes = await runSteps({ kernel: findKernel(), modules: ["tun"], files, prelude, append }, steps);
});

function outcome(step: keyof typeof steps): Outcome {
  const found = outcomes.get(step);
  assert.ok(found, `no step "${step}"`);
  return found;
}
/** What a step said; it must have succeeded. */
function said(step: keyof typeof steps): string {
  const { status, stdout, stderr } = outcome(step);
  assert.equal(status, 0, `${step}: ${stdout}${stderr}`);
  return stdout;
}

describe("a node where SELinux is enforcing", () => {
  it("has our policy, and runs the plugin under the maker's label", () => {
    said("load");
    assert.equal(said("label"), "1system_u:system_r:admin_t:s0\0");
    said("pod");
  });

  it("gets no companion tap, and stderr says why", () => {
    assert.deepEqual(JSON.parse(said("companion passes")), prevResult);
    assert.match(outcome("companion passes").stderr, /SELinux is enforcing, so KubeVirt must make the tap itself/);
    assert.equal(said("links after passing"), "lo");
  });

  it("refuses a VM the tap that carries its maker's label, and the kernel says so", () => {
    said("main ADD");
    assert.deepEqual(outcome("a VM opens the maker's tap"), {
      status: 1,
      stdout: "queue 1: TUNSETIFF EACCES\n",
      stderr: "",
    });
    assert.match(
      said("denial"),
      /\{ relabelfrom \} .*comm="attach" scontext=system_u:system_r:vm_t:s0 tcontext=system_u:system_r:admin_t:s0 .*permissive=0/,
    );
    // What refused it was the label alone.
    assert.equal(said("the maker opens its own"), "4 queues\n");
    said("main DEL");
  });
});

describe("selinuxContext", () => {
  it("makes a tap that a VM of this label opens", () => {
    assert.equal(JSON.parse(said("labelled ADD")).interfaces.length, 1);
    const [tunFlags, owner, group, alias] = said("labelled flags").split("\n");
    assert.deepEqual([tunFlags, owner, group], ["0x1902", "107", "107"]);
    assert.match(alias ?? "", /^mqtap\/1 q=4 m=main /);
    said("labelled CHECK");
    assert.equal(said("a VM opens its tap"), "4 queues\n4 queues\n");
  });

  it("keeps the tap from other categories", () => {
    assert.equal(outcome("another category opens it").stdout, "queue 1: TUNSETIFF EACCES\n");
    said("category ADD");
    assert.equal(outcome("no category opens it").stdout, "queue 1: TUNSETIFF EACCES\n");
    assert.equal(said("its category opens it"), "4 queues\n");
    assert.equal(said("category DEL"), "lo");
  });

  it("labels the tap of a second ADD too, and DEL removes it", () => {
    assert.equal(said("labelled ADD again"), "4 queues\n");
    assert.equal(said("labelled DEL"), "lo");
  });

  it("leaves nothing that DEL does not remove when an ADD with a label is killed", (t) => {
    const counts = new Map(
      said("killed ADDs")
        .match(/\d+ .+/g)
        ?.map((line) => [line.split(" ")[1], Number.parseInt(line, 10)]),
    );
    t.diagnostic(`31 labelled ADDs: ${JSON.stringify(Object.fromEntries(counts))}`);
    assert.ok((counts.get("killed") ?? 0) > 0, "none was killed");
    assert.equal((counts.get("nothing") ?? 0) + (counts.get("mqtap/1") ?? 0), 31);
    assert.equal(counts.get("left"), undefined);
  });

  for (const [name, { step, type, code: wanted, why }] of Object.entries({
    "a label that the policy does not know": {
      step: "unknown type",
      type: "nosuch_t",
      code: 2,
      why: /the node's kernel does not take this label \(EINVAL\): use one that the node's SELinux policy has/,
    },
    "a label that the plugin must not take on": {
      step: "forbidden type",
      type: "other_t",
      code: 102,
      why: /policy does not let the plugin take on this label \(EACCES\): use another label, or extend the policy/,
    },
    "a label that may make no taps": {
      step: "type without taps",
      type: "weak_t",
      code: 102,
      why: /policy lets this label make no taps \(EACCES\): use another label, or extend the policy/,
    },
  } as const)) {
    it(`refuses ${name}, and leaves nothing`, () => {
      const { status, stdout } = outcome(step);
      assert.equal(status, 1, stdout);
      const { code, msg } = JSON.parse(stdout);
      assert.equal(code, wanted, msg);
      assert.match(msg, why);
      assert.ok(msg.includes(`"selinuxContext": "system_u:system_r:${type}:s0"`), msg);
      assert.equal(said(`links after ${step}`), "lo");
      assert.equal(outcome("processes left").stdout, "0\n");
    });
  }

  it("does what the reference plugin's does", () => {
    said("reference ADD");
    assert.equal(outcome("a VM opens the reference's").stdout, "queue 1: TUNSETIFF EACCES\n");
    said("reference DEL");
    said("labelled reference ADD");
    assert.equal(said("a VM opens the reference's labelled"), "4 queues\n");
    said("labelled reference DEL");
  });
});

describe("a node where SELinux is permissive", () => {
  it("gets a companion tap, which a VM opens while the kernel only complains", () => {
    assert.equal(said("permissive"), "0");
    assert.deepEqual(JSON.parse(said("companion ADD")), prevResult);
    assert.match(said("companion flags"), /^0x1902\nmqtap\/1 q=4 m=companion /);
    assert.equal(said("a VM opens the companion"), "4 queues\n");
    assert.match(said("permissive denial"), /\{ relabelfrom \} .*permissive=1/);
    assert.equal(said("companion DEL"), "lo");
  });
});
