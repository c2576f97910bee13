// metav1.Condition: the rules of setting one. lastTransitionTime moves only when the status does, so that a
// condition says how long it has been so, and a status with nothing new compares equal to the old one.

/** metav1.Condition. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly observedGeneration?: number | undefined;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** A condition as its author states it; the time is added here. */
export type NewCondition = Omit<Condition, "lastTransitionTime">;

/** The API server's limit for a condition's message. */
const longestMessage = 32768;

/** RFC 3339 without fractions, as metav1.Time is written. */
function conditionTime(now: Date): string {
  return now.toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** The list with `next` in it: in its old place, or at the end. Returns the same list when nothing changed. */
export function setCondition(conditions: readonly Condition[], next: NewCondition, now: Date): readonly Condition[] {
  const old = findCondition(conditions, next.type);
  const condition: Condition = {
    ...next,
    message: next.message.slice(0, longestMessage),
    lastTransitionTime: old !== undefined && old.status === next.status ? old.lastTransitionTime : conditionTime(now),
  };
  if (old === undefined) {
    return [...conditions, condition];
  }
  return isSameCondition(old, condition) ? conditions : conditions.map((c) => (c === old ? condition : c));
}

/** setCondition for several, in order. */
export function setConditions(
  conditions: readonly Condition[],
  next: readonly NewCondition[],
  now: Date,
): readonly Condition[] {
  return next.reduce((list, condition) => setCondition(list, condition, now), conditions);
}

/** The condition of that type, if there is one. */
export function findCondition(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** True when the condition exists and is "True". */
export function isConditionTrue(conditions: readonly Condition[], type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

function isSameCondition(a: Condition, b: Condition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration &&
    a.lastTransitionTime === b.lastTransitionTime
  );
}
