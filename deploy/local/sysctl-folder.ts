// A folder that stands for /proc/sys on a demo node, so that the machine's own sysctls are never written.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Kernel defaults of the keys that mqtap may set; the tuntap key is no part of mainline kernels. */
const defaults: Readonly<Record<string, string>> = {
  "net/core/netdev_max_backlog": "1000",
  "net/core/netdev_budget": "300",
  "net/core/netdev_budget_usecs": "2000",
  "net/core/rps_sock_flow_entries": "0",
};

/** Makes the folder and gives its path; `hasTuntapSysctl` is the kernel that knows a limit of its own. */
export async function makeSysctlFolder(directory: string, hasTuntapSysctl: boolean): Promise<string> {
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const values = {
    ...defaults,
    "kernel/random/boot_id": bootId,
    ...(hasTuntapSysctl ? { "net/tuntap/max_queues": "256" } : {}),
  };
  for (const [name, value] of Object.entries(values)) {
    const file = join(directory, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${value}\n`);
  }
  return directory;
}
