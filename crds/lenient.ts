// Reading a status that another version wrote: what we understand is kept, the rest is left out, nothing is refused.
import type * as z from "zod/mini";

/** How one field is read: by its schema, or by a reader that is lenient itself. */
type Reader = z.ZodMiniType | ((value: unknown) => unknown);
type Read<R extends Reader> = R extends z.ZodMiniType ? z.output<R> : R extends (value: unknown) => infer T ? T : never;
type Kept<S extends Readonly<Record<string, Reader>>> = { [K in keyof S]?: Read<S[K]> };

/** The fields of `value` that their reader understands. */
export function keepFields<S extends Readonly<Record<string, Reader>>>(readers: S, value: unknown): Kept<S> {
  if (!isRecord(value)) return {};
  const kept = Object.entries(readers).flatMap(([key, reader]) => {
    const found = value[key] === undefined ? undefined : read(reader, value[key]);
    return found === undefined ? [] : [[key, found]];
  });
  return Object.fromEntries(kept) as Kept<S>;
}

function read(reader: Reader, value: unknown): unknown {
  return typeof reader === "function" ? reader(value) : reader.safeParse(value).data;
}

/** The items of a list that their schema accepts. */
export function keepItems<S extends z.ZodMiniType>(item: S, value: unknown): z.output<S>[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) => {
    const parsed = item.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

/** An object of JSON. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
