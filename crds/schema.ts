// How our schemas are written: every field carries its description, every cross-field rule stands twice in one place:
// as CEL for the API server and as a TypeScript predicate for our own parsers. The tests hold the two together.
import * as z from "zod/mini";

/** A rule that a plain schema cannot say. */
export interface Rule<T> {
  /** CEL over `self`, run by the API server. */
  readonly rule: string;
  /** What a person reads when it does not hold. */
  readonly message: string;
  /** CEL that builds a better message where one can be built; `message` is the fallback. */
  readonly messageExpression?: string;
  /** The field to blame, when it lies below `self`. */
  readonly fieldPath?: string;
  /** The same rule in TypeScript. */
  readonly holds: (value: T) => boolean;
}

/** The schema with a description and, where given, its rules and other words of the CRD. */
export function described<S extends z.ZodMiniType>(
  schema: S,
  description: string,
  rules: readonly Rule<z.output<S>>[] = [],
  words: Readonly<Record<string, unknown>> = {},
): S {
  const checks = rules.map((rule) => z.refine<z.output<S>>(rule.holds, rule.message));
  return schema.check(...checks, z.meta({ description, ...words, ...validations(rules) }));
}

function validations(rules: readonly Rule<never>[]): Record<string, unknown> {
  if (rules.length === 0) return {};
  return { "x-kubernetes-validations": rules.map(({ holds: _, ...declared }) => declared) };
}

/** A list of objects that the API server merges and tells apart by the string field `key`. */
export function listMap<S extends z.ZodMiniObject>(
  item: S,
  options: { readonly key: keyof z.output<S> & string; readonly maxItems: number; readonly description: string },
): z.ZodMiniArray<S> {
  const { key, maxItems, description } = options;
  return z.array(item).check(
    z.maxLength(maxItems),
    z.refine(
      (items) => new Set(items.map((entry) => entry[key])).size === items.length,
      `has two entries with the same ${key}`,
    ),
    z.meta({ description, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key] }),
  );
}

/** A list without duplicates. */
export function listSet<S extends z.ZodMiniType<string, string>>(
  item: S,
  options: { readonly maxItems: number; readonly description: string },
): z.ZodMiniArray<S> {
  return z.array(item).check(
    z.maxLength(options.maxItems),
    z.refine((items) => new Set(items).size === items.length, "has the same entry twice"),
    z.meta({ description: options.description, "x-kubernetes-list-type": "set" }),
  );
}

/** A string of at most `maxLength` characters; `minLength` 1 unless said otherwise. */
export function text(description: string, maxLength: number, minLength = 1): z.ZodMiniString {
  return z.string().check(z.minLength(minLength), z.maxLength(maxLength), z.meta({ description }));
}

/** A whole number from `minimum` to `maximum`. */
export function whole(description: string, minimum: number, maximum: number): z.ZodMiniNumberFormat {
  return z.int32().check(z.minimum(minimum), z.maximum(maximum), z.meta({ description }));
}

/** What a parser hands on: nobody changes a parsed object. */
export type DeepReadonly<T> = T extends string | number | boolean | null | undefined
  ? T
  : { readonly [K in keyof T]: DeepReadonly<T[K]> };
