// metav1.MicroTime: the API server refuses fewer than six digits where a kind wants microseconds (Lease, Event).

/** A date with six digits after the second: 2026-11-22T18:00:00.123000Z. */
export function microTime(date: Date): string {
  return date.toISOString().replace(/Z$/, "000Z");
}
