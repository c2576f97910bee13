// What a node does when it boots: shell scripts from data, pure. The first runs outside and goes into the node's cgroups and
// namespaces; the second makes the node's root of its disk and becomes the node's process 1, which reaps orphans.
import { quoted } from "../shell-quote.ts";
import type { NodeCgroups } from "./cgroups.ts";

/** What a node boots from. */
export interface NodeBoot {
  readonly hostname: string;
  /** The folder that becomes the root. */
  readonly disk: string;
  readonly cgroups: NodeCgroups;
  /** Shown in place of the machine's own; another one each time. */
  readonly bootId: string;
  /** Folders of the machine, names below "/", that the node sees read-only. */
  readonly machineFolders: readonly string[];
  /** Name in /bed/bin -> the machine's file. */
  readonly programs: Readonly<Record<string, string>>;
  /** Names below /dev. */
  readonly devices: readonly string[];
  /** A file on the disk, below "/", that stands for the sysctl net.tuntap.max_queues; undefined: there is none. */
  readonly tuntapSysctl: string | undefined;
}

/** Values that kubelet wants, and that belong to the machine: the node sees files of its own in their place. */
const shownSysctls = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

/** The source of the mount that stands over /proc/sys/net; container hooks know it by this name. */
export const sysctlMount = "bed-sysctl";
/** What containers get in its place: the node's own values as they are, and the file. */
export const sysctlForContainers = "/run/bed/sysctl-net";

/** The argv that becomes process 1 of a node. It says "ready" when all stands. */
export function nodeInitArgv(boot: NodeBoot): readonly string[] {
  const unshare = "unshare --fork --kill-child --pid --mount --net --uts --ipc --cgroup --propagation=private";
  const enterCgroups = boot.cgroups.folders.map(({ path }) => `echo 0 > ${quoted(`${path}/cgroup.procs`)}`);
  const script = ["set -eu", ...enterCgroups, `exec ${unshare} -- sh -c "$1"`].join("\n");
  return ["sh", "-c", script, "sh", renderNodeScript(boot)];
}

/** The script inside the node's fresh namespaces, up to its process 1. */
function renderNodeScript(boot: NodeBoot): string {
  return [
    "set -eu",
    `cd ${quoted(boot.disk)}`,
    'mount --bind "$PWD" "$PWD"',
    'cd "$PWD"',
    ...boot.machineFolders.flatMap((name) => [`mount --rbind /${name} ${name}`, `mount -o remount,bind,ro ${name}`]),
    ...Object.entries(boot.programs).flatMap(([name, file]) => bind(file, `bed/bin/${name}`)),
    ...renderDevices(boot.devices),
    "mount -t proc proc proc",
    "mount -t sysfs sysfs sys",
    ...renderCgroups(boot.cgroups),
    "mount -t tmpfs -o mode=0755 tmpfs run",
    "mkdir -p run/netns run/lock run/bed old",
    "pivot_root . old",
    "umount -l /old",
    "rmdir /old",
    "cd /",
    ...renderSysctls(boot),
    "mount --make-rshared /",
    `hostname ${quoted(boot.hostname)}`,
    "ip link set lo up",
    "echo ready",
    "exec /bed/bin/pause",
    "",
  ].join("\n");
}

function bind(source: string, target: string): readonly string[] {
  return [`touch ${quoted(target)}`, `mount --bind ${quoted(source)} ${quoted(target)}`];
}

function renderDevices(devices: readonly string[]): readonly string[] {
  return [
    "mount -t tmpfs -o mode=0755 tmpfs dev",
    "mkdir -p dev/net dev/pts dev/shm",
    "mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts",
    "mount -t tmpfs -o mode=1777 tmpfs dev/shm",
    "ln -s pts/ptmx dev/ptmx",
    ...["fd", "stdin", "stdout", "stderr"].map(
      (name, n) => `ln -s /proc/self/fd${n === 0 ? "" : `/${n - 1}`} dev/${name}`,
    ),
    ...devices.flatMap((name) => bind(`/dev/${name}`, `dev/${name}`)),
    // one of its own, since everybody may open it on a node (as udev's rules have it), and not on every machine
    "mknod -m 0666 dev/net/tun c 10 200",
  ];
}

function renderCgroups({ version, folders }: NodeCgroups): readonly string[] {
  const root = "sys/fs/cgroup";
  if (version === 2) {
    // kubelet enables controllers at the top, which must hold no process then: we go into a folder of our own
    return [`mount -t cgroup2 cgroup2 ${root}`, `mkdir ${root}/node`, `echo 0 > ${root}/node/cgroup.procs`];
  }
  return [
    `mount -t tmpfs -o mode=0755 tmpfs ${root}`,
    ...folders.flatMap(({ controllers = "" }) => [
      `mkdir ${root}/${controllers}`,
      `mount -t cgroup -o ${controllers} cgroup ${root}/${controllers}`,
      ...(controllers.includes(",")
        ? controllers.split(",").map((name) => `ln -s ${controllers} ${root}/${name}`)
        : []),
    ]),
  ];
}

function renderSysctls({ bootId, tuntapSysctl }: NodeBoot): readonly string[] {
  const shown = { ...shownSysctls, "kernel/random/boot_id": bootId };
  return [
    ...Object.entries(shown).flatMap(([name, value]) => {
      const file = `/run/bed/${name.replaceAll("/", ".")}`;
      return [`echo ${value} > ${file}`, `mount --bind ${file} /proc/sys/${name}`];
    }),
    ...(tuntapSysctl === undefined ? [] : renderTuntapSysctl(tuntapSysctl)),
  ];
}

/**
 * /proc/sys/net cannot get another entry, so a folder stands over it. For the node's programs its entries are links into
 * another mount of proc, as what they show depends on the network namespace of who opens them (a plugin is in its pod's).
 * A container has no such mount: for it there is a folder with the node's entries bound one by one.
 */
function renderTuntapSysctl(file: string): readonly string[] {
  const real = "/run/bed/proc";
  return [
    `mkdir ${real} ${sysctlForContainers}`,
    `mount -t proc proc ${real}`,
    `for entry in ${real}/sys/net/*; do`,
    `  shown=${sysctlForContainers}/\${entry##*/}`,
    '  if [ -d "$entry" ]; then mkdir "$shown"; else touch "$shown"; fi',
    '  mount --bind "$entry" "$shown"',
    "done",
    `mkdir ${sysctlForContainers}/tuntap`,
    ...bind(file, `${sysctlForContainers}/tuntap/max_queues`),
    `mount -t tmpfs -o mode=0755 ${sysctlMount} /proc/sys/net`,
    `for entry in ${real}/sys/net/*; do ln -s "$entry" /proc/sys/net/; done`,
    "mkdir /proc/sys/net/tuntap",
    ...bind(file, "/proc/sys/net/tuntap/max_queues"),
  ];
}
