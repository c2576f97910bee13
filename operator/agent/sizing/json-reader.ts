// Reads fields of objects that other programs wrote (Pods, VMIs): an absent field is undefined, a field of the wrong
// kind is an error that names its path. Only what mqtap needs is looked at; everything else may be anything.

/** A field that is there but is not what Kubernetes says it is. */
export class MalformedObjectError extends Error {
  override readonly name = "MalformedObjectError";
}

type JsonObject = Readonly<Record<string, unknown>>;

/** One object inside a larger one, with the path that led to it. */
export class JsonReader {
  readonly #object: JsonObject;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (!isJsonObject(value)) throw new MalformedObjectError(`${path} is not an object`);
    this.#object = value;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  object(name: string): JsonReader | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : new JsonReader(value, `${this.#path}.${name}`);
  }

  objects(name: string): readonly JsonReader[] {
    const value = this.#value(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.#wrong(name, "a list");
    return value.map((item: unknown, index) => new JsonReader(item, `${this.#path}.${name}[${index}]`));
  }

  string(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.#wrong(name, "a string");
  }

  boolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.#wrong(name, "a boolean");
  }

  /** A whole number from 0 to 2^32 - 1, as KubeVirt's counts are. */
  count(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value;
    throw this.#wrong(name, "a whole number from 0 to 4294967295");
  }

  /** A resource quantity as it stands: text, or a number. */
  quantity(name: string): string | number | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === "string" || typeof value === "number") return value;
    throw this.#wrong(name, "a quantity");
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  #wrong(name: string, wanted: string): MalformedObjectError {
    return new MalformedObjectError(`${this.#path}.${name} is not ${wanted}`);
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
