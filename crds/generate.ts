// The CustomResourceDefinitions as YAML, made from the schemas. Pure: generate-files.ts writes them.
import { Document, isScalar, visit } from "yaml";
import { nodeNetworkConfigKind } from "./node-network-config.ts";
import { nodeNetworkProfileKind } from "./node-network-profile.ts";
import { group, type ResourceKind, version } from "./resource.ts";
import { structuralSchema } from "./structural-schema.ts";

const kinds = [nodeNetworkConfigKind, nodeNetworkProfileKind];

/** Longer texts would not fit into a line at the depth of a CRD's schema. */
const longest = 60;

const header = "# Generated from the schemas in crds/ by `npm run generate`. Do not edit.\n";

/** The files of this folder that are generated: name and text. */
export function generateCrdFiles(): ReadonlyMap<string, string> {
  return new Map(
    kinds.map((kind) => [`${group}_${kind.plural}.yaml`, header + toYaml(customResourceDefinition(kind))]),
  );
}

/** Long texts stand in blocks: no line folds within CEL, nothing is escaped, and formatters leave them as they are. */
function toYaml(definition: unknown): string {
  const document = new Document(definition, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string") return;
      if (key.value === "rule" || key.value === "messageExpression") value.type = "BLOCK_LITERAL";
      else if (value.value.length > longest) value.type = "BLOCK_FOLDED";
    },
  });
  return document.toString({ lineWidth: 120 });
}

/** One CustomResourceDefinition as an object. */
export function customResourceDefinition(kind: ResourceKind): Readonly<Record<string, unknown>> {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${group}`, labels: { "app.kubernetes.io/name": "mqtap" } },
    spec: {
      group,
      scope: "Cluster",
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: [kind.shortName],
        categories: ["mqtap"],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: openApiSchema(kind) },
        },
      ],
    },
  };
}

function openApiSchema(kind: ResourceKind): unknown {
  return {
    description: kind.description,
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: { description: "The version of this object's schema.", type: "string" },
      kind: { description: "The kind of this object.", type: "string" },
      metadata: { type: "object" },
      spec: structuralSchema(kind.spec),
      status: structuralSchema(kind.status),
    },
  };
}
