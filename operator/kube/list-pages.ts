// What a reflector begins with. A whole collection is listed page by page, so that neither side ever holds 5000 full
// objects at once: each object is projected as its page arrives. One object is read by its name.
import { isRecord } from "./object-meta.ts";
import { isGone, isNotFound, type KubeQuery, type KubeTransport } from "./transport.ts";

/** What to list, and what to keep of each object. */
export interface ListOptions<T> {
  readonly transport: KubeTransport;
  readonly path: string;
  readonly query?: KubeQuery | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly project: (object: unknown) => T;
}

/** A consistent list. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** Watch from here; empty: from the newest, beginning with what there is. */
  readonly resourceVersion: string;
}

const pageSize = 500;

/** Lists everything. When the page token expires on the way, lists once more without pages.
 * @throws TypeError when the answer is no list. */
export async function listAll<T>(options: ListOptions<T>): Promise<Listed<T>> {
  try {
    return await listPages(options, pageSize);
  } catch (error) {
    if (isGone(error)) {
      return listPages(options, undefined);
    }
    throw error;
  }
}

/** Reads one object as a list of it, empty where there is none. Its own resource version may be older than what a watch can
 * begin with, so the watch begins with the newest. */
export async function readOne<T>(options: Omit<ListOptions<T>, "query">): Promise<Listed<T>> {
  const { transport, path, signal, project } = options;
  try {
    const { body } = await transport.request({ method: "GET", path, signal });
    return { items: [project(body)], resourceVersion: "" };
  } catch (error) {
    if (isNotFound(error)) return { items: [], resourceVersion: "" };
    throw error;
  }
}

async function listPages<T>(options: ListOptions<T>, limit: number | undefined): Promise<Listed<T>> {
  const { transport, path, query, signal, project } = options;
  const items: T[] = [];
  let token: string | undefined;
  while (true) {
    const { body } = await transport.request({
      method: "GET",
      path,
      query: { ...query, limit, continue: token },
      signal,
    });
    const page = parsePage(body, path);
    for (const object of page.objects) {
      items.push(project(object));
    }
    if (page.token === undefined) {
      return { items, resourceVersion: page.resourceVersion };
    }
    token = page.token;
  }
}

function parsePage(body: unknown, path: string) {
  const { metadata, items, kind, apiVersion } = isRecord(body) ? body : {};
  if (!isRecord(metadata) || typeof metadata["resourceVersion"] !== "string" || typeof kind !== "string") {
    throw new TypeError(`cannot list ${path}: the answer is not a list`);
  }
  const token = metadata["continue"];
  // built-in kinds leave these two out of a list's items
  const type = { apiVersion, kind: kind.replace(/List$/, "") };
  return {
    objects: Array.isArray(items) ? items.map((item: unknown) => (isRecord(item) ? { ...type, ...item } : item)) : [],
    resourceVersion: metadata["resourceVersion"],
    token: typeof token === "string" && token !== "" ? token : undefined,
  };
}
