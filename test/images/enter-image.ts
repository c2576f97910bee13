// Runs a program in the root of an unpacked image: a read-only mount in a mount namespace of its own, and nothing else.
import { type CommandResult, runCommand } from "../../deploy/local/command.ts";
import type { OpenedImage } from "./open-image.ts";

const enter =
  'user=$1 root=$2; shift 2; mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" && ' +
  'exec chroot --userspec="$user" --groups= "$root" "$@"';

/** The user that the image asks for, as numbers. */
export function imageUser({ config }: OpenedImage): string {
  return String(config["User"]);
}

/** `argv` in `root` as `user`, "uid:gid". Gives failures back, too. */
export function enterImage({
  root,
  user,
  argv,
  env = {},
}: {
  readonly root: string;
  readonly user: string;
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}): Promise<CommandResult> {
  const command = ["unshare", "--mount", "sh", "-c", enter, "sh", user, root, ...argv];
  return runCommand(command, { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env }, allowFailure: true });
}
