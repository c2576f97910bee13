// Components -> a bill of materials of an image, CycloneDX 1.5 like npm's own. Without a serial number and with the image's
// time, so that equal images have equal bills.
import type { Component } from "./component.ts";

/** The document as JSON. `digest` is the image's. */
export function renderSbom({
  name,
  version,
  digest,
  createdSeconds,
  components,
}: {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly createdSeconds: number;
  readonly components: readonly Component[];
}): string {
  const purl = `pkg:oci/${name}@${encodeURIComponent(digest)}?tag=${version}`;
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(createdSeconds * 1000).toISOString(),
      component: { "bom-ref": purl, type: "container", name, version, purl },
    },
    components: components.map((component) => ({
      "bom-ref": component.purl,
      type: "library",
      name: component.name,
      version: component.version,
      purl: component.purl,
      ...(component.cpe === undefined ? {} : { cpe: component.cpe }),
      ...(component.license === undefined ? {} : { licenses: [{ expression: component.license }] }),
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
