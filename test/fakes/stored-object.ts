// An object of the Kubernetes API as a fake server stores it: JSON of which only the metadata is looked at.
import { isRecord } from "../../operator/kube/object-meta.ts";

export type Stored = Readonly<Record<string, unknown>>;

/** The object's metadata, or nothing where it has none. */
export function metadataOf(object: unknown): Stored {
  const metadata = isRecord(object) ? object["metadata"] : undefined;
  return isRecord(metadata) ? metadata : {};
}
