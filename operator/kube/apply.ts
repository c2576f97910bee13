// The only writes to existing objects: server-side apply (one field manager a side, forced within its own fields), and a
// merge patch for event series. Nothing else in the operator builds a PATCH, so no content type can be wrong.
import type { KubeTransport } from "./transport.ts";

/** What to apply where. */
export interface ApplyOptions {
  readonly transport: KubeTransport;
  /** Path of the object itself, also for applyStatus (which adds /status). */
  readonly path: string;
  /** All fields that are ours, and no others. With metadata.uid an object deleted meanwhile is not created anew: the
   * answer is then 409. */
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string };
  };
  readonly fieldManager: string;
  readonly signal?: AbortSignal | undefined;
}

/** A merge patch (RFC 7386). */
export interface MergePatchOptions {
  readonly transport: KubeTransport;
  readonly path: string;
  readonly patch: Readonly<Record<string, unknown>>;
  readonly fieldManager: string;
  readonly signal?: AbortSignal | undefined;
}

/** Applies an object and returns it as stored. */
export async function apply({ transport, path, object, fieldManager, signal }: ApplyOptions): Promise<unknown> {
  const { body } = await transport.request({
    method: "PATCH",
    path,
    query: { fieldManager, force: true },
    contentType: "application/apply-patch+yaml", // every JSON document is YAML
    body: object,
    signal,
  });
  return body;
}

/** Applies the status subresource and returns the object as stored. */
export function applyStatus(options: ApplyOptions): Promise<unknown> {
  return apply({ ...options, path: `${options.path}/status` });
}

/** Merges a patch into an object and returns it as stored. */
export async function mergePatch({
  transport,
  path,
  patch,
  fieldManager,
  signal,
}: MergePatchOptions): Promise<unknown> {
  const { body } = await transport.request({
    method: "PATCH",
    path,
    query: { fieldManager },
    contentType: "application/merge-patch+json",
    body: patch,
    signal,
  });
  return body;
}
