// Commands of the documents, typed to the letter: by a shell in this checkout, with kubectl and helm.
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { runCommand } from "../../deploy/local/command.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";

/** Types it as the cluster's administrator; gives what it said. @throws CommandError when it fails */
export async function typeCommand(bed: Bed, command: string, { timeoutMs = 150_000 } = {}): Promise<string> {
  const { root, binDir } = layoutOfCheckout();
  const home = path.join(bed.directory, "home");
  mkdirSync(home, { recursive: true });
  const env = { PATH: `${binDir}:/usr/bin:/bin`, HOME: home, KUBECONFIG: bed.controlPlane.adminKubeconfigPath };
  // a shell alone would be ended without what it started
  const argv = ["timeout", "--signal=KILL", `${timeoutMs / 1000}`, "sh", "-c", command];
  return (await runCommand(argv, { cwd: root, env, timeoutMs: timeoutMs + 5_000 })).stdout;
}
