import assert from "node:assert/strict";
import { test } from "node:test";
import type { LabelSelector } from "../../crds/label-selector.ts";
import { isSelected } from "./match.ts";

type Case = { readonly selector: LabelSelector; readonly labels?: Record<string, string>; readonly isLinux?: boolean };
const zone = (operator: "In" | "NotIn", ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key: "zone", operator, values }],
});
const only = (operator: "Exists" | "DoesNotExist", key = "gpu"): LabelSelector => ({
  matchExpressions: [{ key, operator }],
});

const selected: Readonly<Record<string, Case>> = {
  "the empty selector takes a node without labels": { selector: {} },
  "matchLabels takes a node that has the label, and others": {
    selector: { matchLabels: { a: "1" } },
    labels: { a: "1", b: "2" },
  },
  "matchLabels takes an empty value for an empty value": { selector: { matchLabels: { a: "" } }, labels: { a: "" } },
  "In takes one of its values": { selector: zone("In", "x", "y"), labels: { zone: "y" } },
  "NotIn takes another value": { selector: zone("NotIn", "x"), labels: { zone: "y" } },
  "NotIn takes a node without the label": { selector: zone("NotIn", "x") },
  "Exists takes any value, also the empty one": { selector: only("Exists"), labels: { gpu: "" } },
  "DoesNotExist takes a node without the label": { selector: only("DoesNotExist") },
  "DoesNotExist is not misled by names that every object inherits": { selector: only("DoesNotExist", "constructor") },
};

const passedOver: Readonly<Record<string, Case>> = {
  "the empty selector leaves out a node that is not Linux": { selector: {}, isLinux: false },
  "matchLabels leaves out another value": { selector: { matchLabels: { a: "1" } }, labels: { a: "2" } },
  "matchLabels leaves out a node without the label": { selector: { matchLabels: { a: "" } } },
  "all labels must match": { selector: { matchLabels: { a: "1", b: "2" } }, labels: { a: "1" } },
  "In leaves out a node without the label": { selector: zone("In", "x") },
  "NotIn leaves out its value": { selector: zone("NotIn", "x"), labels: { zone: "x" } },
  "Exists leaves out a node without the label": { selector: only("Exists") },
  "Exists is not misled by names that every object inherits": { selector: only("Exists", "toString") },
  "DoesNotExist leaves out a node with the label": { selector: only("DoesNotExist"), labels: { gpu: "1" } },
  "labels and expressions must both match": {
    selector: { matchLabels: { a: "1" }, ...zone("In", "x") },
    labels: { a: "1", zone: "y" },
  },
};

for (const [cases, wanted] of [
  [selected, true],
  [passedOver, false],
] as const) {
  for (const [sentence, { selector, labels = {}, isLinux = true }] of Object.entries(cases)) {
    test(`isSelected(): ${sentence}`, () => assert.equal(isSelected(selector, { labels, isLinux }), wanted));
  }
}
