// Token and CA certificate as a pod finds them: files that the kubelet replaces. Read at most once a minute, and anew after
// a 401; while a file cannot be read, what was read last is used on.
import { readFile } from "node:fs/promises";
import type { Clock } from "./clock.ts";
import { describeError } from "./log.ts";
import { KubeConnectionError } from "./transport.ts";

const longestAgeMs = 60_000;

/** What authenticates a request, and what authenticates the server. */
interface Credentials {
  readonly token: string;
  readonly ca: string;
}

/** Cached credentials. */
export interface CredentialFiles {
  /** @throws KubeConnectionError when a file has never been readable. */
  read(): Promise<Credentials>;
  /** Reads anew next time. */
  forget(): void;
}

/** Credentials from two files. */
export function openCredentialFiles(files: {
  readonly tokenFile: string;
  readonly caFile: string;
  readonly clock: Clock;
}): CredentialFiles {
  let last: Credentials | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return {
    async read() {
      const nowMs = files.clock.monotonicMs();
      if (last === undefined || nowMs - readAtMs >= longestAgeMs) {
        try {
          const token = (await readFile(files.tokenFile, "utf8")).trim();
          const ca = await readFile(files.caFile, "utf8");
          // an empty file is one that is being replaced
          last = token === "" && last !== undefined ? last : { token, ca };
          readAtMs = nowMs;
        } catch (cause) {
          if (last === undefined) {
            const why = describeError(cause);
            throw new KubeConnectionError(`cannot read the service account's files: ${why}`, "ENOENT", { cause });
          }
        }
      }
      return last;
    },
    forget() {
      readAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}
