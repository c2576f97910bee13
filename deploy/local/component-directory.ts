// Where set-up has put etcd, kube-apiserver, kubectl, cnitool and the CNI project's plugins.
import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";

/**
 * The directory of the test bed's programs: MQTAP_COMPONENTS, else this checkout's `dist/components`.
 * @throws Error with the command that makes it, when it is not there
 */
export function componentDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const directory = env["MQTAP_COMPONENTS"] ?? resolve(import.meta.dirname, "../../dist/components");
  try {
    accessSync(join(directory, "kube-apiserver"), constants.X_OK);
  } catch (cause) {
    throw new Error(`cannot find kube-apiserver in "${directory}": run "npm run components" first`, { cause });
  }
  return directory;
}
