// Logs: one JSON object a line, {time, level, msg, ...}. The sink is a parameter, so that only main.ts knows stderr.
import type { Clock } from "./clock.ts";

/** Least to most severe. */
export const logLevels = ["debug", "info", "warn", "error"] as const;

/** How much a line matters. */
export type LogLevel = (typeof logLevels)[number];

/** What a line carries besides its text; errors are written with name, message and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A logger; `child` adds fields to every line. */
export interface Log {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** What a logger needs. */
export interface LogOptions {
  /** Gets each line without its newline. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** Lines below are dropped; "info" unless told. */
  readonly level?: LogLevel;
  readonly fields?: LogFields;
}

/** A logger that writes JSON lines. */
export function createLog({ write, clock, level = "info", fields = {} }: LogOptions): Log {
  const lowest = logLevels.indexOf(level);
  const emit = (lineLevel: LogLevel, msg: string, more?: LogFields): void => {
    if (logLevels.indexOf(lineLevel) >= lowest) {
      const head = { time: clock.now().toISOString(), level: lineLevel, msg };
      write(toJson({ ...head, ...fields, ...more, ...head }));
    }
  };
  return {
    debug: (msg, more) => emit("debug", msg, more),
    info: (msg, more) => emit("info", msg, more),
    warn: (msg, more) => emit("warn", msg, more),
    error: (msg, more) => emit("error", msg, more),
    child: (more) => createLog({ write, clock, level, fields: { ...fields, ...more } }),
  };
}

/** An error in one line, with its causes: "cannot do X: because Y". */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const own = error.message === "" ? error.name : error.message;
  if (error.cause === undefined) {
    return own;
  }
  const cause = describeError(error.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}

function toJson(line: LogFields): string {
  try {
    return JSON.stringify(line, (_key, value: unknown) => {
      if (value instanceof Error) {
        return describeError(value);
      }
      return typeof value === "bigint" ? value.toString() : value;
    });
  } catch (error) {
    // a cycle in the fields must not kill whoever wanted to say something
    return JSON.stringify({ time: line["time"], level: line["level"], msg: line["msg"], unprintable: String(error) });
  }
}
