// metav1.Condition, with the bounds that Kubernetes itself gives it.
import * as z from "zod/mini";
import { described, listMap, text } from "./schema.ts";

const reasonPattern = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

/** One condition. */
export const conditionSchema = z.object({
  type: text("What is judged, in UpperCamelCase.", 64),
  status: described(z.enum(["True", "False", "Unknown"]), "True, False or Unknown."),
  observedGeneration: z.optional(
    described(z.int().check(z.minimum(0)), "The metadata.generation this judgement was made for."),
  ),
  lastTransitionTime: described(z.iso.datetime({ offset: true }), "When status last changed."),
  reason: described(
    z.string().check(z.minLength(1), z.maxLength(256), z.regex(reasonPattern)),
    "Why, as one UpperCamelCase word.",
  ),
  message: text("Why, as a sentence, and what to do next.", 32_768, 0),
});

/** The conditions of a kind; `types` is for the reader only, further types are let through. */
export function conditionList(types: readonly string[]): z.ZodMiniArray<typeof conditionSchema> {
  return listMap(conditionSchema, {
    key: "type",
    maxItems: 16,
    description: `Where things stand: ${types.join(", ")}.`,
  });
}
