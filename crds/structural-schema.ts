// From a zod schema to the structural OpenAPI schema that a CustomResourceDefinition takes
// (kubernetes.io: "Specifying a structural schema"). What has no structural form is refused here, not by the API server.
import type * as z from "zod/mini";
import { toJSONSchema } from "zod/v4/core";
import { isRecord } from "./lenient.ts";

/** A part of an OpenAPI schema. */
export type Structural = Readonly<Record<string, unknown>>;

const int32 = { least: -(2 ** 31), most: 2 ** 31 - 1 };

/** Words of the generated YAML, in the order a reader expects them. */
const order = [
  "description",
  "type",
  "format",
  "nullable",
  "default",
  "enum",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "maxItems",
  "maxProperties",
  "required",
  "properties",
  "additionalProperties",
  "items",
  "anyOf",
];

/** @throws TypeError for a schema without a structural form or without a bound */
export function structuralSchema(schema: z.ZodMiniType): Structural {
  return convert(toJSONSchema(schema, { target: "openapi-3.0", io: "input", reused: "inline" }), "");
}

function convert(node: unknown, path: string): Structural {
  if (!isRecord(node)) throw new TypeError(`cannot convert "${path}": not a schema object`);
  const isIntOrString = node["x-kubernetes-int-or-string"] === true;
  const converted = withDefaultInWords(isIntOrString ? intOrString(node) : convertByType(node, path));
  if (converted["description"] === undefined && !path.endsWith("[]") && !path.endsWith("{}")) {
    throw new TypeError(`cannot convert "${path}": it has no description`);
  }
  return ordered(converted);
}

function convertByType(node: Structural, path: string): Structural {
  switch (node["type"]) {
    case "object":
      return convertObject(node, path);
    case "array":
      if (node["maxItems"] === undefined) throw new TypeError(`cannot convert "${path}": it has no maxItems`);
      return { ...node, items: convert(node["items"], `${path}[]`) };
    case "integer":
      return convertInteger(node);
    case "string":
      return convertString(node, path);
    case "boolean":
      return node;
    default:
      throw new TypeError(`cannot convert "${path}": ${JSON.stringify(node["type"])} has no structural form`);
  }
}

function convertObject(node: Structural, path: string): Structural {
  const { properties, additionalProperties, propertyNames: _, ...rest } = node;
  if (isRecord(properties)) {
    const converted = Object.entries(properties).map(([name, child]) => [name, convert(child, `${path}.${name}`)]);
    return { ...rest, properties: Object.fromEntries(converted) };
  }
  if (node["maxProperties"] === undefined) throw new TypeError(`cannot convert "${path}": it has no maxProperties`);
  return { ...rest, additionalProperties: convert(additionalProperties, `${path}{}`) };
}

function convertInteger({ minimum, maximum, ...rest }: Structural): Structural {
  const least = typeof minimum === "number" ? minimum : Number.MIN_SAFE_INTEGER;
  const most = typeof maximum === "number" ? maximum : Number.MAX_SAFE_INTEGER;
  const format = least >= int32.least && most <= int32.most ? "int32" : "int64";
  const implied = format === "int32" ? int32 : { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER };
  return {
    ...rest,
    format,
    ...(least > implied.least ? { minimum: least } : {}),
    ...(most < implied.most ? { maximum: most } : {}),
  };
}

function convertString(node: Structural, path: string): Structural {
  const { pattern, ...rest } = node;
  if (node["format"] === "date-time") return rest;
  if (node["maxLength"] === undefined && node["enum"] === undefined) {
    throw new TypeError(`cannot convert "${path}": it has no maxLength`);
  }
  return node;
}

/** The two types are implied by the extension; a `type` beside it is not structural. */
function intOrString({ anyOf: _, type: __, ...rest }: Structural): Structural {
  return { ...rest, anyOf: [{ type: "integer" }, { type: "string" }] };
}

/** `kubectl explain` shows no defaults, but it shows descriptions. */
function withDefaultInWords(node: Structural): Structural {
  const value = node["default"];
  if (value === undefined || isRecord(value) || Array.isArray(value)) return node;
  return { ...node, description: `${node["description"]} Default: ${value}.` };
}

function ordered(node: Structural): Structural {
  const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(Object.entries(node).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)));
}
