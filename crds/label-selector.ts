// metav1.LabelSelector as a schema: a selector that the API server lets through is one that can be evaluated.
import * as z from "zod/mini";
import { type DeepReadonly, described } from "./schema.ts";

const keyPattern =
  /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*[/])?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const valuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

const notAKey =
  'is not a label key: it must be name or prefix/name, the name at most 63 letters, digits, "-", "_" or ".",' +
  " the prefix a DNS name";
const notAValue =
  'is not a label value: it must be at most 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends';

const maxLabels = 64;
const labelKey = z.string().check(z.minLength(1), z.maxLength(317));
const labelValue = z.string().check(z.maxLength(63));

/** Neither pattern has a backslash or a quote, so CEL takes it as it is. */
const matches = (value: string, pattern: RegExp): string => `${value}.matches('${pattern.source}')`;

/** CEL for a message that begins with the text at fault. */
const quoting = (value: string, message: string): string => `'"' + ${value} + '" ${message}'`;

const isKey = (variable: string): string => `size(${variable}) <= 317 && ${matches(variable, keyPattern)}`;

const requirement = described(
  z.object({
    key: described(labelKey, "The label's key.", [
      {
        rule: isKey("self"),
        message: `this ${notAKey}`,
        messageExpression: quoting("self", notAKey),
        holds: (key) => keyPattern.test(key),
      },
    ]),
    operator: described(
      z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
      "In and NotIn compare the label with values; Exists and DoesNotExist look only for the key.",
    ),
    values: z.optional(
      described(
        z.array(labelValue).check(z.maxLength(256)),
        "The values for In and NotIn; absent for Exists and DoesNotExist.",
        [
          {
            rule: `self.all(value, ${matches("value", valuePattern)})`,
            message: `a value ${notAValue}`,
            messageExpression: quoting(`self.filter(value, !${matches("value", valuePattern)})[0]`, notAValue),
            holds: (values) => values.every((value) => valuePattern.test(value)),
          },
        ],
        { "x-kubernetes-list-type": "atomic" },
      ),
    ),
  }),
  "One condition on a node's labels.",
  [
    {
      rule: "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
      message: "operator In or NotIn needs at least one value",
      messageExpression: "'operator ' + self.operator + ' needs at least one value'",
      fieldPath: ".values",
      holds: ({ operator, values }) =>
        !(operator === "In" || operator === "NotIn") || (values !== undefined && values.length > 0),
    },
    {
      rule: "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0",
      message: "operator Exists or DoesNotExist takes no values: remove them, or use In or NotIn",
      messageExpression: "'operator ' + self.operator + ' takes no values: remove them, or use In or NotIn'",
      fieldPath: ".values",
      holds: ({ operator, values }) =>
        !(operator === "Exists" || operator === "DoesNotExist") || values === undefined || values.length === 0,
    },
  ],
);

const labels = described(
  z.record(z.string(), labelValue),
  "Labels a node must have, with exactly these values.",
  [
    {
      rule: `self.all(key, ${isKey("key")})`,
      message: `a key ${notAKey}`,
      messageExpression: quoting(`self.filter(key, !(${isKey("key")}))[0]`, notAKey),
      holds: (wanted) => Object.keys(wanted).every((key) => key.length <= 317 && keyPattern.test(key)),
    },
    {
      rule: `self.all(key, ${matches("self[key]", valuePattern)})`,
      message: `a value ${notAValue}`,
      messageExpression: quoting(`self[self.filter(key, !${matches("self[key]", valuePattern)})[0]]`, notAValue),
      holds: (wanted) => Object.values(wanted).every((value) => valuePattern.test(value)),
    },
  ],
  { maxProperties: maxLabels },
).check(z.refine((wanted) => Object.keys(wanted).length <= maxLabels, `has more than ${maxLabels} entries`));

/** A metav1.LabelSelector; the empty one selects everything. */
export const labelSelectorSchema = z.object({
  matchLabels: z.optional(labels),
  matchExpressions: z.optional(
    described(
      z.array(requirement).check(z.maxLength(32)),
      "Conditions a node's labels must meet, all of them, besides matchLabels.",
      [],
      { "x-kubernetes-list-type": "atomic" },
    ),
  ),
});

/** A label selector, parsed. */
export type LabelSelector = DeepReadonly<z.output<typeof labelSelectorSchema>>;
