// A table of the fields of a JSON schema: path, what may stand there, default, meaning. Serves the kinds of the API (as
// OpenAPI in their CRDs) and the values of the chart. Pure.
import { z } from "zod";
import { markdownTable } from "./markdown-table.ts";

const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What the table reads of a schema. */
const schemaSchema = z.looseObject({
  description: z.string().default(""),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(scalarSchema).optional(),
  const: scalarSchema.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  maxLength: z.number().optional(),
  required: z.array(z.string()).default([]),
  default: z.unknown().optional(),
  get properties() {
    return z.record(z.string(), schemaSchema).optional();
  },
  get items() {
    return schemaSchema.optional();
  },
  get oneOf() {
    return z.array(schemaSchema).optional();
  },
  "x-kubernetes-int-or-string": z.boolean().optional(),
});
type FieldSchema = z.output<typeof schemaSchema>;

/** One field as the table has it. */
interface Field {
  readonly path: string;
  readonly schema: FieldSchema;
  readonly isRequired: boolean;
}

/** `defaults` has the default of a path where the schema does not say it itself. */
export function fieldTable(schema: unknown, defaults: (path: string) => unknown = () => undefined): string {
  const rows = fieldsBelow(schemaSchema.parse(schema), "").map(({ path, schema: field, isRequired }) => {
    const byDefault = field.default ?? defaults(path);
    const shown = byDefault === undefined ? (isRequired ? "(needed)" : "") : `\`${JSON.stringify(byDefault)}\``;
    return [`\`${path}\``, valuesOf(field), shown, field.description];
  });
  return markdownTable(["field", "values", "default", "meaning"], rows);
}

function fieldsBelow(schema: FieldSchema, prefix: string): readonly Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const path = `${prefix}${name}`;
    const own = { path, schema: child, isRequired: schema.required.includes(name) };
    const inner = child.items === undefined ? fieldsBelow(child, `${path}.`) : fieldsBelow(child.items, `${path}[].`);
    return [own, ...inner];
  });
}

function valuesOf(schema: FieldSchema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.oneOf !== undefined) return schema.oneOf.map(valuesOf).join(" or ");
  if (schema["x-kubernetes-int-or-string"] === true) return "integer or string";
  const { type, minimum, maximum, items } = schema;
  if (type === "array")
    return `${boundsOf(schema.minItems, schema.maxItems)} list of ${items ? valuesOf(items) : "any"}`.trim();
  if (type === "integer" || type === "number") return [type, boundsOf(minimum, maximum)].join(" ").trim();
  if (type === "string" && schema.maxLength !== undefined) return `string, at most ${schema.maxLength}`;
  if (type === "object" && schema.properties === undefined) return "map";
  return typeof type === "string" ? type : (type ?? ["any"]).join(" or ");
}

function boundsOf(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}`;
  if (least !== undefined) return `from ${least}`;
  return most === undefined ? "" : `up to ${most}`;
}
