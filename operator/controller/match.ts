// Which nodes a config selects: the rules of metav1.LabelSelector, on Linux nodes only.
import type { LabelSelector } from "../../crds/label-selector.ts";
import type { ObservedNode } from "./node.ts";

type Labels = Readonly<Record<string, string>>;
type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

/** True when the config's selector takes this node. */
export function isSelected(selector: LabelSelector, node: Pick<ObservedNode, "labels" | "isLinux">): boolean {
  return node.isLinux && matchesLabels(selector, node.labels);
}

/** True when the labels meet every condition of the selector; the empty selector takes everything. */
function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labelOf(labels, key) === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(requirement, labels))
  );
}

function meets({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      // as in Kubernetes: a node without the label is not in any list
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return operator satisfies never;
  }
}

/** Own properties only: "constructor" is a valid label key. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
