// A CRD is Established a moment before the API server serves its kind, and before the kind's watch cache is filled; until
// then lists and watches get a 404 and a 429. Who deletes the CRD in that moment waits: the API server's own list of what
// is to be deleted is refused too, its next try meets the status it has just written, and no more than five minutes later
// it tries again (Kubernetes 1.37, apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go, `sync`).
import { ApiStatusError } from "./api-request.ts";
import type { ControlPlane } from "./control-plane.ts";
import { waitUntil } from "./story/wait-until.ts";

const notYet = [404, 429];

/** Waits until the API server serves mqtap's kinds to everyone. @throws Error when the time is up */
export async function waitForWatchCaches(controlPlane: ControlPlane): Promise<void> {
  for (const kind of ["nodenetworkconfigs", "nodenetworkprofiles"]) {
    const path = `/apis/mqtap.io/v1alpha1/${kind}?resourceVersion=0`;
    await waitUntil(`the API server to serve watches of ${kind}`, () => isServed(controlPlane, path));
  }
}

async function isServed(controlPlane: ControlPlane, path: string): Promise<true | undefined> {
  try {
    await controlPlane.request({ method: "GET", path });
    return true;
  } catch (error) {
    if (error instanceof ApiStatusError && notYet.includes(error.status)) return undefined;
    throw error;
  }
}
