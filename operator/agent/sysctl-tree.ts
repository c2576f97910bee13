// Files of a sysctl tree, /proc/sys or a folder that stands for it. Each access opens the file anew: modules come and go.
// Synchronous, so that nothing of this process runs between truncating a plain file and writing it; a sysctl answers
// from memory.

import { closeSync, constants, openSync, readFileSync, realpathSync, writeSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { describeError } from "../kube/log.ts";
import { errnoOf } from "./errno.ts";
import { hostPathOf } from "./host-path.ts";

/** A value with its white space collapsed, as it is compared. */
export type Live =
  | { readonly kind: "value"; readonly value: string }
  /** This kernel has no such key. */
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly message: string };

export type Written =
  | { readonly kind: "written" }
  | { readonly kind: "absent" }
  | { readonly kind: "readOnly"; readonly message: string }
  | { readonly kind: "refused"; readonly message: string };

export class SysctlTree {
  readonly #root: string;
  readonly #hostRoot: string;

  /** `hostRoot` is where the host's directories are mounted. */
  constructor(root: string, hostRoot = "/") {
    this.#root = root;
    this.#hostRoot = hostRoot;
  }

  /** Absolute path of a key on the host, for people and for the plugin. */
  path(file: string): string {
    return hostPathOf(this.#hostRoot, join(this.#root, file));
  }

  read(file: string): Live {
    try {
      const fd = this.#open(file, constants.O_RDONLY);
      try {
        return { kind: "value", value: collapse(readFileSync(fd, "utf8")) };
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      return isAbsence(error) ? { kind: "absent" } : { kind: "unreadable", message: describeError(error) };
    }
  }

  /** One write(2), with the newline that the kernel itself shows. Never creates a file. */
  write(file: string, value: string): Written {
    try {
      const fd = this.#open(file, constants.O_WRONLY | constants.O_TRUNC);
      try {
        const text = `${value}\n`;
        if (writeSync(fd, text) === Buffer.byteLength(text)) return { kind: "written" };
        return { kind: "refused", message: `only a part of "${value}" was taken` };
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if (isAbsence(error)) return { kind: "absent" };
      const message = describeError(error);
      return readOnlyCodes.has(errnoOf(error)) ? { kind: "readOnly", message } : { kind: "refused", message };
    }
  }

  /** Neither a symbolic link nor a path out of the root is followed. */
  #open(file: string, flags: number): number {
    const path = join(this.#root, file);
    const root = realpathSync(this.#root);
    const folder = realpathSync(dirname(path));
    if (folder !== root && !folder.startsWith(root + sep)) {
      throw new Error(`"${path}" lies outside of "${this.#root}"`);
    }
    return openSync(path, flags | constants.O_NOFOLLOW);
  }
}

const readOnlyCodes: ReadonlySet<string> = new Set(["EROFS", "EACCES", "EPERM"]);

function collapse(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errnoOf(error));
}
