// The metadata of an API object as a small readonly type, and its parser: what every projection starts from.

/** An owner of an object, as metav1.OwnerReference. */
interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** The part of metav1.ObjectMeta that operators read; absent maps and lists are empty ones. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** 0 where the kind has none. */
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly ownerReferences: readonly OwnerReference[];
}

/** True for a JSON object (not null, not an array). */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses `metadata` of an API object.
 * @throws TypeError when the object has no metadata with a name. */
export function parseObjectMeta(object: unknown): ObjectMeta {
  const metadata = isRecord(object) ? object["metadata"] : undefined;
  if (!isRecord(metadata) || typeof metadata["name"] !== "string" || metadata["name"] === "") {
    throw new TypeError("cannot parse object: metadata.name is missing");
  }
  const { namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = metadata;
  return {
    name: metadata["name"],
    ...(typeof namespace === "string" && namespace !== "" ? { namespace } : {}),
    uid: typeof uid === "string" ? uid : "",
    resourceVersion: typeof resourceVersion === "string" ? resourceVersion : "",
    generation: typeof generation === "number" ? generation : 0,
    labels: parseStringMap(metadata["labels"]),
    annotations: parseStringMap(metadata["annotations"]),
    ...(typeof creationTimestamp === "string" ? { creationTimestamp } : {}),
    ...(typeof deletionTimestamp === "string" ? { deletionTimestamp } : {}),
    ownerReferences: parseOwnerReferences(metadata["ownerReferences"]),
  };
}

/** namespace/name of an object.
 * @throws TypeError when the object has no name. */
export function objectId(object: unknown): string {
  const { namespace, name } = parseObjectMeta(object);
  return `${namespace ?? ""}/${name}`;
}

function parseStringMap(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) {
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function parseOwnerReferences(value: unknown): readonly OwnerReference[] {
  if (!Array.isArray(value)) {
    return [];
  }
  return value.flatMap((owner: unknown): OwnerReference[] => {
    if (!isRecord(owner)) {
      return [];
    }
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = owner;
    if (
      typeof apiVersion !== "string" ||
      typeof kind !== "string" ||
      typeof name !== "string" ||
      typeof uid !== "string"
    ) {
      return [];
    }
    return [
      {
        apiVersion,
        kind,
        name,
        uid,
        ...(typeof controller === "boolean" ? { controller } : {}),
        ...(typeof blockOwnerDeletion === "boolean" ? { blockOwnerDeletion } : {}),
      },
    ];
  });
}
