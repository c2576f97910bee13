// Reads one JSON object of the network configuration, field by field. Every fault is a CniError 7 with the key's whole path,
// the value, and what would be right. Go's zero values ("" and null) mean "not set", as in the reference plugin.

import { CniError, errorCodes } from "./error.ts";
import { integerWithin, isJsonObject, type JsonObject, showJson } from "./json-object.ts";
import { selinuxLabelFault } from "./selinux-label.ts";
import { macFault, normalizeMac } from "./tap/mac.ts";
import { interfaceNameFault } from "./tap/name.ts";

/** uid_t and gid_t; one more is "none" to the kernel. */
const greatestId = 0xffff_fffe;

const exampleLabel = "system_u:system_r:container_t:s0";

export class NetConfReader {
  /** By lower-case key; the last one wins, as for Go. */
  readonly #members = new Map<string, unknown>();
  readonly #path: string;

  constructor(object: JsonObject, path: string) {
    for (const key of Object.keys(object)) this.#members.set(key.toLowerCase(), object[key]);
    this.#path = path;
  }

  object(key: string): NetConfReader | undefined {
    const value = this.#member(key);
    if (value === undefined) return undefined;
    if (!isJsonObject(value)) throw this.#invalid(key, value, "use an object");
    return new NetConfReader(value, `${this.#path}${key}.`);
  }

  text(key: string): string | undefined {
    const value = this.#member(key);
    if (value !== undefined && typeof value !== "string") throw this.#invalid(key, value, "use a string");
    return value || undefined;
  }

  texts(key: string): readonly string[] {
    const value = this.#member(key) ?? [];
    if (!isTextArray(value)) throw this.#invalid(key, value, "use an array of strings");
    return value;
  }

  boolean(key: string): boolean | undefined {
    const value = this.#member(key);
    if (value === undefined || typeof value === "boolean") return value;
    const hint = typeof value === "number" ? ', or set "queues" for a number' : "";
    throw this.#invalid(key, value, `use true or false${hint}`);
  }

  integer(key: string, range: { least: number; most: number; zeroMeansAbsent?: boolean }): number | undefined {
    const value = this.#member(key);
    if (value === undefined || (value === 0 && range.zeroMeansAbsent === true)) return undefined;
    const integer = integerWithin(value, range.least, range.most);
    if (integer === undefined) throw this.#invalid(key, value, `use an integer from ${range.least} to ${range.most}`);
    return integer;
  }

  /** A uid or gid. */
  id(key: string): number | undefined {
    return this.integer(key, { least: 0, most: greatestId });
  }

  oneOf<const T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.text(key);
    const choice = choices.find((candidate) => candidate === value);
    if (value !== undefined && choice === undefined) {
      throw this.#invalid(key, value, `use ${choices.map((each) => `"${each}"`).join(" or ")}`);
    }
    return choice;
  }

  mac(key: string): string | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const mac = normalizeMac(value);
    if (mac === undefined) throw this.#invalid(key, value, "use an address such as 02:00:00:00:00:01");
    const fault = macFault(mac);
    if (fault !== undefined) throw this.#invalid(key, value, `it ${fault}, use a unicast address`);
    return mac;
  }

  interfaceName(key: string): string | undefined {
    const value = this.text(key);
    const fault = value === undefined ? undefined : interfaceNameFault(value);
    if (fault !== undefined) throw this.#invalid(key, value, `it ${fault}, use an interface's name`);
    return value;
  }

  selinuxLabel(key: string): string | undefined {
    const value = this.text(key);
    const fault = value === undefined ? undefined : selinuxLabelFault(value);
    if (fault !== undefined) throw this.#invalid(key, value, `it ${fault}, use a label such as ${exampleLabel}`);
    return value;
  }

  #member(key: string): unknown {
    return this.#members.get(key.toLowerCase()) ?? undefined;
  }

  #invalid(key: string, value: unknown, advice: string): CniError {
    return new CniError(
      errorCodes.InvalidNetworkConfig,
      `invalid "${this.#path}${key}": ${showJson(value)}: ${advice}`,
    );
  }
}

function isTextArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}
