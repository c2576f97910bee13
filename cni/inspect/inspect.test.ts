import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { FakeKernel } from "../../test/fakes/fake-kernel.ts";
import type { FakeNamespace } from "../../test/fakes/fake-namespace.ts";
import { syscallError } from "../../test/fakes/fake-namespace.ts";
import type { Syscalls } from "../sys/syscalls.ts";
import { inspect } from "./inspect.ts";
import { parseReport } from "./report.ts";

const alias = (queues: number) => `mqtap/1 q=${queues} m=main n=${"b".repeat(16)} a=${"c".repeat(32)}`;

let kernel: FakeKernel;
let a: FakeNamespace;
let b: FakeNamespace;
/** Directory to its identity and content, or to the errno that it gives. */
let directories: Record<string, { ino: number; names: readonly string[] } | string>;
beforeEach(() => {
  kernel = new FakeKernel();
  a = kernel.addNamespace("/run/netns/a");
  b = kernel.addNamespace("/run/netns/b");
  features = 0x7933;
  directories = { "/run/netns": { ino: 1, names: ["b", "a"] } };
});

function directory(path: string): { ino: number; names: readonly string[] } {
  const found = directories[path];
  if (found === undefined) throw syscallError("stat", "ENOENT", path);
  if (typeof found === "string") throw syscallError("stat", found, path);
  return found;
}

/** What TUNGETFEATURES of linux/if_tun.h answers, or the errno of open(2). */
let features: number | string;
const tunDriver: Pick<Syscalls, "open" | "close" | "ioctl"> = {
  open: (path) => {
    assert.equal(path, "/dev/net/tun");
    if (typeof features === "string") throw syscallError("open", features, path);
    return 7;
  },
  close: (fd) => assert.equal(fd, 7),
  ioctl: (fd, request, argument) => {
    assert.deepEqual([fd, request], [7, 0x8004_54cf]);
    assert.ok(argument instanceof Uint8Array && typeof features === "number");
    new DataView(argument.buffer).setUint32(0, features, true);
    return 0;
  },
};

function run(words: string) {
  const sys = {
    readDirectory: (path: string) => directory(path).names,
    stat: (path: string) => ({ dev: 1, ino: directory(path).ino, mode: 0o40755, size: 0 }),
    ...tunDriver,
  };
  const netnsDirs = () => ["/run/netns", "/var/run/netns"];
  const outcome = inspect({ kernel, sys, netnsDirs }, words.split(" "));
  assert.equal(kernel.openHandles, 0);
  return outcome;
}

/** `netns name` of each tap, and the failures' namespaces. */
function found(words: string): { taps: readonly string[]; failures: readonly string[]; exitStatus: number } {
  const { stdout, exitStatus } = run(`${words} -o json`);
  const { taps, failures } = parseReport(JSON.parse(stdout));
  return {
    taps: taps.map(({ netns, name }) => `${netns} ${name}`),
    failures: failures.map(({ netns }) => netns),
    exitStatus,
  };
}

describe("inspect()", () => {
  for (const [kernelHas, { answer, tun }] of Object.entries<{ readonly answer: number | string; readonly tun: object }>(
    {
      "multiqueue taps": { answer: 0x7933, tun: { isPresent: true, hasMultiQueue: true } },
      "taps of one queue alone": { answer: 0x7033, tun: { isPresent: true, hasMultiQueue: false } },
      "no tun device": { answer: "ENOENT", tun: { isPresent: false, hasMultiQueue: undefined } },
      "a device file without its driver": { answer: "ENODEV", tun: { isPresent: false, hasMultiQueue: undefined } },
      "a device that may not be opened here": { answer: "EPERM", tun: { isPresent: true, hasMultiQueue: undefined } },
    },
  )) {
    test(`says that the kernel has ${kernelHas}`, () => {
      features = answer;
      assert.deepEqual(parseReport(JSON.parse(run("inspect -o json").stdout)).tun, tun);
    });
  }

  test("tells all that the kernel and the alias say of a tap", () => {
    const bridge = b.addLink("k6t-net1", { kind: "bridge" });
    const text = alias(4);
    b.addTap("tap1", { alias: text, isUp: true, qdisc: "noqueue", master: bridge.index });
    using _queues = b.attachQueues("tap1", { isMultiQueue: true, count: 4 });
    const { stdout, stderr, exitStatus } = run("inspect --netns /run/netns/b -o json");
    assert.deepEqual([stderr, exitStatus], ["", 0]);
    assert.deepEqual(parseReport(JSON.parse(stdout)), {
      tun: { isPresent: true, hasMultiQueue: true },
      taps: [
        {
          netns: "/run/netns/b",
          netnsIdentity: b.identity,
          name: "tap1",
          index: 3,
          kind: "tap",
          mark: { mode: "main", queues: 4, networkId: "b".repeat(16), attachmentId: "c".repeat(32) },
          isMultiQueue: true,
          attachedQueues: 4,
          disabledQueues: 0,
          isOpen: true,
          isPersistent: true,
          owner: undefined,
          group: undefined,
          isUp: true,
          mtuBytes: 1500,
          mac: "02:00:00:00:00:03",
          qdisc: "noqueue",
          txQueueLength: 1000,
          master: "k6t-net1",
          alias: text,
          estimatedMemoryBytes: 291_635,
        },
      ],
      failures: [],
    });
  });

  test("counts queues that the guest has not enabled among the open ones", () => {
    const { index, tap } = a.addTap("tap0", { alias: alias(4) });
    assert.ok(tap);
    a.change(index, { tap: { ...tap, queues: 0, disabledQueues: 4 } });
    const { taps } = parseReport(JSON.parse(run("inspect --netns /run/netns/a -o json").stdout));
    const [{ isOpen, attachedQueues, disabledQueues, estimatedMemoryBytes } = {}] = taps;
    assert.deepEqual([isOpen, attachedQueues, disabledQueues, estimatedMemoryBytes], [true, 0, 4, 291_635]);
  });

  test("lists mqtap's taps alone, adopted ones among them, and everybody's where asked", () => {
    kernel.own.addTap("ours", { alias: alias(2) });
    kernel.own.addTap("adopted", { alias: "mqtap/1 q=2 m=adopted" });
    kernel.own.addTap("forged", { alias: `${alias(2)} ` });
    kernel.own.addTap("plain");
    const tun = kernel.own.addTap("tun0", { alias: alias(2) });
    if (tun.tap !== undefined) kernel.own.change(tun.index, { tap: { ...tun.tap, isTap: false } });
    kernel.own.addLink("dummy0", { alias: alias(2) });
    const here = "/proc/self/ns/net";
    assert.deepEqual(found("inspect").taps, [`${here} ours`, `${here} adopted`]);
    assert.deepEqual(
      found("inspect --foreign").taps,
      ["ours", "adopted", "forged", "plain", "tun0"].map((name) => `${here} ${name}`),
    );
  });

  test("knows whether somebody holds a single-queue tap open", () => {
    a.addTap("tap0", { isMultiQueue: false, alias: alias(1) });
    const cell = () => run("inspect --netns /run/netns/a").stdout.match(/\d \(single\)/)?.[0];
    assert.equal(cell(), "0 (single)");
    {
      using _queue = a.attachQueues("tap0", { isMultiQueue: false, count: 1 });
      assert.equal(cell(), "1 (single)");
    }
  });

  describe("--all", () => {
    beforeEach(() => {
      for (const namespace of [a, b, kernel.own]) namespace.addTap("tap0", { alias: alias(2) });
    });

    test("looks into every namespace of the directories in order, and into its own", () => {
      const taps = ["/run/netns/a tap0", "/run/netns/b tap0", "/proc/self/ns/net tap0"];
      assert.deepEqual(found("inspect --all"), { taps, failures: [], exitStatus: 0 });
    });

    test("looks into each namespace once, however many paths lead there", () => {
      kernel.linkNamespace("/run/netns/again", a);
      kernel.linkNamespace("/run/netns/host", kernel.own);
      kernel.linkNamespace("/var/run/netns/a", a);
      directories = {
        "/run/netns": { ino: 1, names: ["a", "again", "host"] },
        "/var/run/netns": { ino: 2, names: ["a"] },
      };
      assert.deepEqual(found("inspect --all").taps, ["/run/netns/a tap0", "/run/netns/host tap0"]);
    });

    test("reads a directory once that has two names", () => {
      directories = {
        "/run/netns": { ino: 1, names: ["a", "gone"] },
        "/var/run/netns": { ino: 1, names: ["a", "gone"] },
      };
      assert.deepEqual(found("inspect --all").failures, ["/run/netns/gone"]);
    });

    test("tells what vanished or cannot be read, and goes on", () => {
      directories = { "/run/netns": { ino: 1, names: ["a", "gone", "b"] }, "/var/run/netns": "EACCES" };
      kernel.failNext("links", "ENOBUFS");
      const failures = ["/run/netns/a", "/run/netns/gone", "/var/run/netns"];
      const taps = ["/run/netns/b tap0", "/proc/self/ns/net tap0"];
      assert.deepEqual(found("inspect --all"), { taps, failures, exitStatus: 1 });
    });

    test("does not let one namespace fill the memory", () => {
      for (let made = 0; made < 4096; made += 1) b.addTap(`x${made}`, { alias: alias(2) });
      kernel.failNext("links", "EIO", () => {
        // As the engine throws it, when it has no memory left for an error.
        const nothing: unknown = null;
        throw nothing;
      });
      const { taps, failures, exitStatus } = found("inspect --all");
      assert.equal(taps.filter((tap) => tap.startsWith("/run/netns/b ")).length, 4096);
      assert.equal(taps.at(-1), "/proc/self/ns/net tap0");
      assert.deepEqual([failures, exitStatus], [["/run/netns/a", "/run/netns/b"], 1]);
    });

    test("says on stderr what the table does not show", () => {
      directories = { "/run/netns": { ino: 1, names: ["a", "gone\u001b[1m"] } };
      const { stdout, stderr, exitStatus } = run("inspect --all");
      assert.match(stdout, /\n2 taps in 2 namespaces, /);
      assert.equal(
        stderr,
        'mqtap: cannot look into "/run/netns/gone\\x1b[1m": there is no network namespace, or none any more\n',
      );
      assert.equal(exitStatus, 1);
    });
  });

  test("does not say that nothing is there where it could not look", () => {
    const { stdout, stderr, exitStatus } = run("inspect --netns /nowhere");
    assert.deepEqual([stdout, exitStatus], ["", 1]);
    assert.match(stderr, /^mqtap: cannot look into "\/nowhere": /);
    assert.deepEqual(found("inspect --netns /nowhere"), { taps: [], failures: ["/nowhere"], exitStatus: 1 });
  });

  test("says where it found nothing", () => {
    const words: Record<string, string> = {
      inspect: "no taps of mqtap in this network namespace (--all looks into every one)\n",
      "inspect --all": "no taps of mqtap in /run/netns, /var/run/netns and this network namespace\n",
      "inspect --netns /run/netns/a --foreign": "no taps or tuns in /run/netns/a\n",
    };
    for (const [asked, stdout] of Object.entries(words)) {
      assert.deepEqual(run(asked), { stdout, stderr: "", exitStatus: 0 });
    }
  });

  test("asks for root where no namespace can be entered", () => {
    for (const _namespace of ["a", "b", "own"]) kernel.failNext("openNamespace", "EPERM");
    assert.deepEqual(run("inspect --all -o json"), {
      stdout: "",
      stderr:
        "mqtap: cannot enter any network namespace: cannot openNamespace /run/netns/a: EPERM: run it as root, with CAP_SYS_ADMIN\n",
      exitStatus: 1,
    });
  });

  test("does not ask for root where one namespace alone is closed", () => {
    kernel.failNext("openNamespace", "EPERM");
    assert.deepEqual(found("inspect --all").failures, ["/run/netns/a"]);
  });

  test("explains itself on stdout, and wrong words on stderr", () => {
    const help = run("inspect -h");
    assert.match(help.stdout, /^usage: mqtap inspect /);
    assert.deepEqual([help.stderr, help.exitStatus], ["", 0]);
    const wrong = run("inspect tap0\u001b");
    assert.match(wrong.stderr, /^mqtap: unknown word "tap0\\x1b"\nusage: mqtap inspect /);
    assert.deepEqual([wrong.stdout, wrong.exitStatus], ["", 2]);
  });

  test("lets a defect pass, for the program to report", () => {
    kernel.failNext("links", "EIO", () => {
      throw new TypeError("a defect");
    });
    assert.throws(() => run("inspect"), TypeError);
  });
});
