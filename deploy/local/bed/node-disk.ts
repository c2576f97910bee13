// The disk of a node: a folder that becomes its root. What is written there stays over a reboot; programs and libraries come
// from the machine's /usr, read-only, and the node's own programs are bound below /bed/bin.
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Folders that every node has from the start. */
const folders = [
  "bed/bin",
  "dev",
  "etc/cni/net.d",
  "etc/containerd",
  "etc/kubernetes",
  "opt/cni/bin",
  "proc",
  "root",
  "run",
  "sys",
  "usr",
  "var/lib",
  "var/log/containers",
  "var/log/pods",
  "var/tmp",
];

/** Of the machine's /etc, what its programs read. */
const machineFiles = ["alternatives", "group", "ld.so.cache", "nsswitch.conf", "passwd", "protocols", "services"];

/** Beside /usr, where programs and libraries lie or are linked from. */
const programFolders = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/** Folders of the machine that a node shows, read-only; the others of the list are links into /usr. */
export function machineFolders(): readonly string[] {
  const whole = programFolders.filter((name) => existsSync(`/${name}`) && !lstatSync(`/${name}`).isSymbolicLink());
  return ["usr", ...whole];
}

/** Makes an empty disk. */
export function makeNodeDisk(disk: string, hostname: string): void {
  for (const folder of folders) mkdirSync(path.join(disk, folder), { recursive: true });
  for (const folder of machineFolders()) mkdirSync(path.join(disk, folder), { recursive: true });
  mkdirSync(path.join(disk, "tmp"), { mode: 0o1777 });
  for (const name of programFolders) {
    if (existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink()) {
      symlinkSync(readlinkSync(`/${name}`), path.join(disk, name));
    }
  }
  for (const name of machineFiles) {
    const source = path.join("/etc", name);
    if (!existsSync(source)) continue;
    cpSync(source, path.join(disk, "etc", name), { recursive: true, verbatimSymlinks: true });
  }
  const files = {
    hostname: `${hostname}\n`,
    hosts: `127.0.0.1 localhost\n127.0.1.1 ${hostname}\n`,
    "machine-id": `${randomBytes(16).toString("hex")}\n`,
    "resolv.conf": "nameserver 127.0.0.1\n", // no one answers there: nothing in the bed knows names
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(disk, "etc", name), text);
  symlinkSync("../usr/lib/os-release", path.join(disk, "etc/os-release"));
  symlinkSync("../proc/self/mounts", path.join(disk, "etc/mtab"));
  // runtimes say /var/run/netns
  symlinkSync("../run", path.join(disk, "var/run"));
}
