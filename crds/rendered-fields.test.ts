import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "./lenient.ts";
import { nodeNetworkConfigKind } from "./node-network-config.ts";
import { nodeNetworkProfileKind } from "./node-network-profile.ts";
import { bookkeepingFields, controllerFields, renderedFields } from "./rendered-fields.ts";
import { structuralSchema } from "./structural-schema.ts";

/** The paths of a schema's leaves; a path in `whole` counts as one leaf. */
function leaves(schema: unknown, whole: readonly string[], path = ""): string[] {
  if (!isRecord(schema)) return [];
  if (whole.includes(path)) return [path];
  if (isRecord(schema["properties"])) {
    return Object.entries(schema["properties"]).flatMap(([name, child]) =>
      leaves(child, whole, path === "" ? name : `${path}.${name}`),
    );
  }
  if (isRecord(schema["items"])) return leaves(schema["items"], whole, `${path}[]`);
  return [path];
}

const configFields = leaves(structuralSchema(nodeNetworkConfigKind.spec), ["nodeSelector"]);
const profileFields = leaves(structuralSchema(nodeNetworkProfileKind.spec), bookkeepingFields);

test("every field of a NodeNetworkConfig is either rendered into the profile or the controller's own", () => {
  const listed = [...Object.keys(renderedFields), ...controllerFields];
  assert.deepEqual(configFields.toSorted(), listed.toSorted());
});

test("every field of a NodeNetworkProfile comes from a config or is bookkeeping", () => {
  const listed = [...new Set([...Object.values(renderedFields).flat(), ...bookkeepingFields])];
  assert.deepEqual(profileFields.toSorted(), listed.toSorted());
});
