// A release changes v1alpha1 by additions alone: against the CRDs of every release in testdata/crds.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { generateCrdFiles } from "../../crds/generate.ts";
import { parseNodeNetworkConfig } from "../../crds/node-network-config.ts";
import { parseNodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { narrowings, type Schema } from "./narrowings.ts";

const releases = join(import.meta.dirname, "../testdata/crds");

const crdSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    group: z.string(),
    scope: z.string(),
    names: z.looseObject({ kind: z.string(), plural: z.string(), shortNames: z.array(z.string()) }),
    versions: z.array(
      z.looseObject({
        name: z.string(),
        served: z.boolean(),
        storage: z.boolean(),
        subresources: z.looseObject({}),
        schema: z.looseObject({ openAPIV3Schema: z.record(z.string(), z.unknown()) }),
      }),
    ),
  }),
});

for (const release of readdirSync(releases)) {
  describe(`since ${release}`, () => {
    for (const [name, text] of generateCrdFiles()) {
      const before = crdSchema.parse(parse(readFileSync(join(releases, release, name), "utf8")));
      const after = crdSchema.parse(parse(text));

      test(`${name} has the same names, versions and subresources`, () => {
        const facts = ({ metadata, spec: { group, scope, names, versions } }: typeof before) => {
          const served = versions.map((version) => ({
            ...version,
            schema: undefined,
            additionalPrinterColumns: undefined,
          }));
          return { name: metadata.name, group, scope, names, versions: served };
        };
        assert.deepEqual(facts(after), facts(before));
      });

      test(`${name} takes every object that was valid then, with all its fields`, () => {
        for (const [index, version] of before.spec.versions.entries()) {
          const later = after.spec.versions[index];
          assert.deepEqual(narrowings(version.schema.openAPIV3Schema, later?.schema.openAPIV3Schema ?? {}), []);
        }
      });
    }

    test("stored objects parse, and keep every field", () => {
      const text = readFileSync(join(releases, release, "objects.yaml"), "utf8");
      const [config, profile, ...more] = parseAllDocuments(text).map((document) => document.toJS());
      assert.deepEqual(more, []);
      for (const [stored, parsed] of [
        [config, parseNodeNetworkConfig(config)],
        [profile, parseNodeNetworkProfile(profile)],
      ]) {
        assert.partialDeepStrictEqual(
          { spec: parsed.spec, status: parsed.status },
          { spec: stored.spec, status: stored.status },
        );
      }
    });
  });
}

describe("narrowings()", () => {
  const text = { type: "string", maxLength: 10 };
  const object = (properties: Schema, more: Schema = {}): Schema => ({ type: "object", properties, ...more });
  const rule = (said: string) => ({ "x-kubernetes-validations": [{ rule: said, message: "m" }] });
  const cases: Readonly<Record<string, readonly [Schema, Schema, RegExp | undefined]>> = {
    "lets a field be added": [object({ a: text }), object({ a: text, b: text }), undefined],
    "lets a bound be widened": [object({ a: text }), object({ a: { ...text, maxLength: 20 } }), undefined],
    "lets a bound be dropped": [object({ a: text }), object({ a: { type: "string" } }), undefined],
    "lets a value be added": [{ enum: ["A"] }, { enum: ["A", "B"] }, undefined],
    "lets a rule be dropped": [object({}, rule("self.a")), object({}), undefined],
    "lets a description change": [{ ...text, description: "a" }, { ...text, description: "b" }, undefined],
    "lets a demand be dropped": [object({ a: text }, { required: ["a"] }), object({ a: text }), undefined],
    "finds a field that is gone": [object({ a: object({ b: text }) }), object({ a: object({}) }), /^a\.b: is gone$/],
    "finds a field of a list that is gone": [
      object({ a: { type: "array", items: object({ b: text }) } }),
      object({ a: { type: "array", items: object({}) } }),
      /^a\[\]\.b: is gone$/,
    ],
    "finds a narrower length": [
      object({ a: text }),
      object({ a: { ...text, maxLength: 9 } }),
      /^a: maxLength was 10 and is 9$/,
    ],
    "finds a higher minimum": [{ minimum: 1 }, { minimum: 2 }, /^the object: minimum was 1 and is 2$/],
    "finds a bound where there was none": [
      { type: "integer" },
      { type: "integer", maximum: 5 },
      /maximum was free and is 5/,
    ],
    "finds another type": [text, { ...text, type: "integer" }, /type was "string" and is "integer"/],
    "finds a value that is gone": [{ enum: ["A", "B"] }, { enum: ["A"] }, /no longer takes "B"/],
    "finds an enumeration where there was none": [text, { ...text, enum: ["A"] }, /has become an enumeration/],
    "finds a new demand": [object({ a: text }), object({ a: text }, { required: ["a"] }), /needs "a" now/],
    "finds a new rule": [object({}), object({}, rule("self.a")), /has a new rule: "self.a"/],
    "finds another default": [{ default: 1 }, { default: 2 }, /default was 1 and is 2/],
    "finds another key of a list": [
      { "x-kubernetes-list-map-keys": ["a"] },
      { "x-kubernetes-list-map-keys": ["b"] },
      /x-kubernetes-list-map-keys was/,
    ],
    "finds a map whose values are narrower": [
      { additionalProperties: text },
      { additionalProperties: { ...text, maxLength: 1 } },
      /^\{\}: maxLength was 10 and is 1$/,
    ],
  };
  for (const [what, [before, after, finding]] of Object.entries(cases)) {
    test(what, () => {
      const found = narrowings(before, after);
      assert.equal(found.length, finding === undefined ? 0 : 1, found.join("; "));
      if (finding !== undefined) assert.match(found.join(), finding);
    });
  }
});
