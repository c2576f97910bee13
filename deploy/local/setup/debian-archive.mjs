// Debian packages that are unpacked beside the other slow results and never installed: the kernel of test guests, headers
// and static libraries to compile against.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runQuietly, SetupError } from "./run.mjs";

/** Unpacks the archive of the package `name` from Debian's package sources into `directory`. */
export async function unpackDebianPackage({ name, directory, env }) {
  mkdirSync(directory, { recursive: true });
  const download = mkdtempSync(join(directory, ".download-"));
  try {
    await withKnownPackages(env, () =>
      runQuietly(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", name], { cwd: download, env }),
    );
    const archive = readdirSync(download).find((file) => file.endsWith(".deb"));
    if (archive === undefined) throw new SetupError(`apt-get downloaded no archive of "${name}"`);
    await runQuietly(["dpkg-deb", "-x", join(download, archive), directory], { env });
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

/** Package lists may be missing, or older than what the mirrors still have: they are read anew then, once. */
export async function withKnownPackages(env, work) {
  try {
    return await work();
  } catch {
    await runQuietly(["apt-get", "update", "-q"], { env });
    return work();
  }
}
