// Diagnosis for a person: one JSON object a line on stderr, which runtimes keep in their own log. Stdout is the result's.

export type Log = (level: "info" | "warn" | "error", message: string, more?: Readonly<Record<string, unknown>>) => void;

/** One line for stderr; the runtime adds the time. */
export function formatLogLine(level: string, message: string, more: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ level, msg: message, ...more })}\n`;
}
