// The part of metav1.ObjectMeta that mqtap reads. The API server has checked it; here it is only narrowed,
// with empty values where a field is absent.
import * as z from "zod/mini";
import type { DeepReadonly } from "./schema.ts";

const stringMap = z._default(z.record(z.string(), z.string()), {});

const ownerReference = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.exactOptional(z.boolean()),
  blockOwnerDeletion: z.exactOptional(z.boolean()),
});

/** An object's metadata. */
export const resourceMetadata = z.object({
  name: z.string().check(z.minLength(1)),
  uid: z._default(z.string(), ""),
  resourceVersion: z._default(z.string(), ""),
  generation: z._default(z.number(), 0),
  creationTimestamp: z.exactOptional(z.string()),
  deletionTimestamp: z.exactOptional(z.string()),
  labels: stringMap,
  annotations: stringMap,
  ownerReferences: z._default(z.array(ownerReference), []),
});

/** An object's metadata, parsed. */
export type ResourceMetadata = DeepReadonly<z.output<typeof resourceMetadata>>;
