// The licence texts that lie in a package's folder, whatever registry it came from.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LicenceText } from "./component.ts";

const licenceName = /^(?:un)?licen[cs]e|^(?:copying|copyright|notice|patents)/i;

/** Files at the top of `folder` that are called like a licence or a notice. */
export function readLicenceFiles(folder: string): LicenceText[] {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ name }) => name).filter((name) => licenceName.test(name));
  return names.toSorted().map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}
