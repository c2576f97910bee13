// What a test run may leave behind on a machine: network namespaces, links, mounts, cgroups, processes, temporary files.
// Processes and files are known as ours by the run's own temporary directory; the rest by comparing with before.
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { findFolders, listEntries } from "./folders.mjs";
import { readProcFile, readWorkingDirectory } from "./proc.mjs";

/** The machine's state that a run may change. */
export function takeSnapshot(temporaryDirectory) {
  return {
    "network namespace": listDirectory("/run/netns"),
    link: listDirectory("/sys/class/net"),
    mount: readMounts(),
    cgroup: findCgroups(),
    process: findProcesses(temporaryDirectory),
    "temporary file": listDirectory(temporaryDirectory),
  };
}

/** What is in `after` but was not in `before`, each as "<kind> <what>". */
export function findLeftovers(before, after) {
  return Object.entries(after).flatMap(([kind, found]) => {
    const known = new Set(before[kind]);
    return found.filter((what) => !known.has(what)).map((what) => `${kind} ${what}`);
  });
}

function listDirectory(path) {
  return listEntries(path)
    .map(({ name }) => name)
    .sort();
}

function readMounts() {
  const points = readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n");
  return points.map((line) => line.split(" ")[4]).sort();
}

/** The cgroups of beds' nodes: other programs of the machine come and go. */
function findCgroups() {
  return findFolders("/sys/fs/cgroup")
    .filter((path) => basename(path).startsWith("mqtap-"))
    .sort();
}

function findProcesses(temporaryDirectory) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const commandLine = readProcFile(pid, "cmdline");
      const isOurs = [commandLine, readProcFile(pid, "environ"), readWorkingDirectory(pid)].some((text) =>
        text.includes(temporaryDirectory),
      );
      return isOurs ? [`${pid}: ${commandLine.replaceAll("\0", " ").slice(0, 160)}`] : [];
    });
}
