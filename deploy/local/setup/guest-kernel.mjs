// The kernel that test guests boot: Debian's own package, unpacked beside the other slow results and never installed. It
// is another kernel than the machine's, with SELinux and every module. dist/guest is a link to it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpackDebianPackage, withKnownPackages } from "./debian-archive.mjs";
import { replaceLink } from "./link.mjs";
import { withLock } from "./lock.mjs";
import { startProgress } from "./progress.mjs";
import { runQuietly, SetupError } from "./run.mjs";

/** The package whose dependency is Debian's current kernel. */
const metaPackage = "linux-image-amd64";

/** What a guest may load; drivers of real hardware are three quarters of the package. */
const keptModules = ["arch", "crypto", "drivers/block", "drivers/vhost", "drivers/virtio", "fs", "lib", "mm", "net"];
/** Of drivers/net, where tun, veth, dummy and virtio_net are. */
const unusedNetworkDrivers = ["ethernet", "wireless", "wwan", "can", "usb"];

/** Equal keys, equal layout of the folder. A kernel once unpacked is kept: only a new layout or an empty cache asks Debian. */
function guestKernelKey() {
  return createHash("sha256")
    .update(JSON.stringify([metaPackage, keptModules, unusedNetworkDrivers]))
    .digest("hex")
    .slice(0, 16);
}

/** Unpacks the kernel or finds it, and links `link` to its folder: `vmlinuz`, `modules/`, `package.json`. */
export async function provideGuestKernel({ link, cache, env }) {
  const directory = join(cache, `guest-${guestKernelKey()}`);
  if (!existsSync(directory)) {
    mkdirSync(cache, { recursive: true });
    const progress = startProgress({ title: "fetching the kernel of test guests (70 MB)", usually: "20 s" });
    try {
      await withLock(`${directory}.lock`, () => unpackOnce(directory, env));
      progress.done();
    } catch (error) {
      progress.failed();
      throw new SetupError(`cannot provide a kernel for test guests from Debian's package sources: ${error.message}`, {
        cause: error,
      });
    }
  }
  replaceLink(link, directory);
}

async function unpackOnce(directory, env) {
  if (existsSync(directory)) return;
  const building = mkdtempSync(`${directory}.`);
  try {
    const found = await withKnownPackages(env, () => findKernel(env));
    await unpackDebianPackage({ name: found.name, directory: join(building, "package"), env });
    const release = found.name.replace(/^linux-image-/, "");
    const made = join(building, "made");
    mkdirSync(join(made, "modules/drivers"), { recursive: true });
    renameSync(join(building, "package/boot", `vmlinuz-${release}`), join(made, "vmlinuz"));
    const modules = join(building, "package/lib/modules", release);
    for (const name of unusedNetworkDrivers) rmSync(join(modules, "kernel/drivers/net", name), { recursive: true });
    for (const path of [...keptModules, "drivers/net"]) {
      renameSync(join(modules, "kernel", path), join(made, "modules", path));
    }
    renameSync(join(modules, "modules.builtin"), join(made, "modules/modules.builtin"));
    writeFileSync(join(made, "package.json"), `${JSON.stringify({ ...found, release })}\n`);
    renameSync(made, directory);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

async function findKernel(env) {
  const name = dependencyOf(await runQuietly(["apt-cache", "depends", metaPackage], { env }));
  if (name === undefined) throw new SetupError(`"${metaPackage}" names no kernel: are the package sources Debian's?`);
  const lines = await runQuietly(["apt-cache", "show", "--no-all-versions", name], { env });
  return { name, version: lines.find((line) => line.startsWith("Version: "))?.slice("Version: ".length) };
}

/** The first kernel among the lines of `apt-cache depends`. */
export function dependencyOf(lines) {
  return lines.map((line) => /^\s*Depends: (linux-image-\S+)$/.exec(line)?.[1]).find((name) => name !== undefined);
}
