// What both kinds share: group, version, and the step from an unknown object to a typed one.
import type * as z from "zod/mini";
import { isRecord } from "./lenient.ts";
import { type ResourceMetadata, resourceMetadata } from "./resource-metadata.ts";

/** The API group of both kinds. */
export const group = "mqtap.io";
/** Its only version so far. */
export const version = "v1alpha1";
/** Both, as objects carry them. */
export const apiVersion = `${group}/${version}`;

interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
  /** 0 is always shown, greater ones with -o wide. */
  readonly priority?: number;
}

/** One kind, as the generator of its CRD needs it. */
export interface ResourceKind {
  readonly kind: string;
  readonly singular: string;
  readonly plural: string;
  readonly shortName: string;
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  readonly spec: z.ZodMiniType;
  readonly status: z.ZodMiniType;
}

/** An object that is not what its kind says. The message names every field at fault. */
export class InvalidResourceError extends Error {
  override readonly name = "InvalidResourceError";
}

/** A parsed object without its status. */
export interface Parsed<S> {
  readonly metadata: ResourceMetadata;
  readonly spec: S;
  readonly status: unknown;
}

/** @throws InvalidResourceError */
export function parseResource<S extends z.ZodMiniType>(kind: string, spec: S, value: unknown): Parsed<z.output<S>> {
  const object = isRecord(value) ? value : {};
  const metadata = resourceMetadata.safeParse(object["metadata"]);
  const wanted = spec.safeParse(object["spec"]);
  if (metadata.success && wanted.success) {
    return { metadata: metadata.data, spec: wanted.data, status: object["status"] };
  }
  const faults = [...faultsOf("metadata", metadata.error), ...faultsOf("spec", wanted.error)];
  throw new InvalidResourceError(`cannot read ${kind} ${nameOf(object)}: ${faults.join("; ")}`);
}

function faultsOf(root: string, error: z.core.$ZodError | undefined): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `${[root, ...path].join(".")}: ${message}`);
}

function nameOf(object: Readonly<Record<string, unknown>>): string {
  const metadata = object["metadata"];
  return isRecord(metadata) && typeof metadata["name"] === "string" ? `"${metadata["name"]}"` : "without a name";
}
