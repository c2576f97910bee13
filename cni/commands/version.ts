// VERSION: needs nothing but CNI_COMMAND, reads no stdin, touches no namespace.

import { newestVersion, supportedVersions } from "../config.ts";

export function version(): string {
  return `${JSON.stringify({ cniVersion: newestVersion, supportedVersions })}\n`;
}
