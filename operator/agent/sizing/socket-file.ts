// Puts a listening unix socket at its path without a moment in which it is missing, open to others, or stolen from a
// living agent: bound under another name, closed to others, then renamed into place.

import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { connect, type Server } from "node:net";
import { join } from "node:path";

export interface PlacedSocket {
  readonly path: string;
  /** Removes the socket if it is still the one that was placed. */
  remove(): void;
}

/** @throws when another agent answers there, or the directory cannot be used. */
export async function placeSocket(server: Server, directory: string): Promise<PlacedSocket> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const path = join(directory, "agent.sock");
  if (await isAnswering(path)) {
    throw new Error(`cannot serve at "${path}": another agent answers there; stop it, or give another --run-dir`);
  }
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  await listen(server, temporary);
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
  const { ino } = lstatSync(path);
  return {
    path,
    remove: () => {
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => reject(new Error(`cannot listen at "${path}": ${cause.message}`, { cause }));
    server.once("error", fail);
    server.listen(path, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

/** A socket file that nobody listens at is a leftover. */
function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}
