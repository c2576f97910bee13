// Whether a CRD is there to stay. Its deletion takes all its objects along, which is no word on any of them: the objects go
// first, and a server-side apply may make them anew until the CRD is gone. Who decides by an object's absence asks for the
// CRD afterwards, and for the CRD itself: discovery learns of the deletion later than the first objects are gone.
import { isRecord } from "../kube/object-meta.ts";
import { isNotFound, type KubeTransport } from "../kube/transport.ts";

/** False when there is no such CRD, or somebody has deleted it. @throws what the transport throws but for a 404 */
export async function isDefinitionKept(transport: KubeTransport, path: string): Promise<boolean> {
  try {
    const { body } = await transport.request({ method: "GET", path });
    const metadata = isRecord(body) ? body["metadata"] : undefined;
    return isRecord(metadata) && metadata["deletionTimestamp"] === undefined;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
