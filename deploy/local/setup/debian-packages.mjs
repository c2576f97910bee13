// The Debian packages that tests and benchmarks use; `npm start` needs none, but with --nodes. This is the one list of them.
import { findProgram } from "./prerequisites.mjs";
import { startProgress } from "./progress.mjs";
import { runQuietly, SetupError } from "./run.mjs";

/** What boots machines of their own: an emulator, the tools inside, a compiler for SELinux policies. */
const guestPackages = [
  { name: "busybox-static", program: "busybox" },
  { name: "checkpolicy", program: "checkpolicy" },
  { name: "qemu-system-x86", program: "qemu-system-x86_64" },
];

/** libvirt as a VM's launcher has it. None of these starts a service. */
const libvirtPackages = [
  { name: "ethtool", program: "ethtool" },
  { name: "libvirt-clients", program: "virsh" },
  { name: "libvirt-daemon", program: "libvirtd" },
  { name: "libvirt-daemon-driver-qemu", program: "virt-qemu-run" },
];

/** KubeVirt's phase 1 runs nft. */
const launcherPackages = [
  { name: "iproute2", program: "ip" },
  { name: "nftables", program: "nft" },
  ...guestPackages,
  ...libvirtPackages,
];

/** By command: each package and a program that shows it is there. */
const debianPackages = {
  test: launcherPackages,
  kubevirt: launcherPackages,
  nodes: [{ name: "iproute2", program: "ip" }],
  guest: [{ name: "iproute2", program: "ip" }, ...guestPackages],
  bench: [
    { name: "iproute2", program: "ip" },
    { name: "valgrind", program: "valgrind" },
    ...guestPackages,
    ...libvirtPackages,
  ],
};

/** The packages of `command` that are missing. */
export function missingPackages(command, hasProgram) {
  return (debianPackages[command] ?? []).filter(({ program }) => !hasProgram(program)).map(({ name }) => name);
}

/** Installs what is missing; without root tells the line that does. */
export async function installDebianPackages({ command, env, uid }) {
  const missing = missingPackages(
    command,
    (program) => findProgram(program, `${env.PATH}:/usr/sbin:/sbin`) !== undefined,
  );
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (uid !== 0) throw new SetupError(`Debian packages are missing: sudo ${install}`);
  const progress = startProgress({ title: `installing ${missing.join(", ")}`, usually: "30 s" });
  const aptEnv = { ...env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await runQuietly(["apt-get", "update", "-q"], { env: aptEnv });
    await runQuietly(install.split(" "), { env: aptEnv });
    progress.done();
  } catch (error) {
    progress.failed();
    throw error;
  }
}
