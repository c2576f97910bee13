// From an HTTP answer to what the operator works with: a parsed body, or KubeApiError with Kubernetes' own reason and the
// server's wish when to come back.
import { isRecord } from "./object-meta.ts";
import { KubeApiError, KubeConnectionError, type KubeResponse } from "./transport.ts";

/** An answer whose body has not been read yet. */
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Reads the whole body. JSON is parsed, other text is given as it is, an empty body is undefined.
 * @throws KubeApiError on any status but 2xx. */
export async function readAnswer(answer: HttpAnswer): Promise<KubeResponse> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) {
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (answer.status < 200 || answer.status > 299) {
    throw parseApiError(answer, text);
  }
  return { status: answer.status, body: parseBody(answer, text) };
}

/** KubeApiError from the Status object of an ERROR frame in a watch. */
export function errorFromStatus(status: unknown): KubeApiError {
  const record = isRecord(status) ? status : {};
  const code = typeof record["code"] === "number" ? record["code"] : 500;
  return new KubeApiError({
    status: code,
    reason: typeof record["reason"] === "string" ? record["reason"] : "Unknown",
    message: typeof record["message"] === "string" ? record["message"] : "the watch ended with an error",
    retryAfterMs: retryAfterOfStatus(record),
  });
}

/** Retry-After in milliseconds: seconds, or a date. */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined || value.trim() === "") {
    return undefined;
  }
  const seconds = Number(value);
  if (Number.isFinite(seconds)) {
    return seconds < 0 ? undefined : seconds * 1000;
  }
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

function parseApiError(answer: HttpAnswer, text: string): KubeApiError {
  const status = parseStatus(text);
  // a date is relative to the server's own clock
  const serverTime = Date.parse(answer.header("date") ?? "");
  const now = Number.isNaN(serverTime) ? new Date(0) : new Date(serverTime);
  const reason = status["reason"];
  const message = status["message"];
  return new KubeApiError({
    status: answer.status,
    reason: typeof reason === "string" && reason !== "" ? reason : `Http${answer.status}`,
    message: typeof message === "string" && message !== "" ? message : textOf(answer.status, text),
    retryAfterMs: parseRetryAfter(answer.header("retry-after"), now) ?? retryAfterOfStatus(status),
  });
}

function textOf(status: number, body: string): string {
  const said = body.slice(0, 200).trim();
  // what it says of a path that belongs to no kind, in plain text
  const isUnknownKind = status === 404 && said === "404 page not found";
  return isUnknownKind
    ? "the API server knows no such kind of object (404 page not found): apply its CRD"
    : `the API server answered ${status}: ${said}`;
}

function retryAfterOfStatus(status: Readonly<Record<string, unknown>>): number | undefined {
  const details = isRecord(status["details"]) ? status["details"] : {};
  const seconds = details["retryAfterSeconds"];
  return typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined;
}

function parseStatus(text: string): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) && body["kind"] === "Status" ? body : {};
  } catch {
    return {}; // a proxy's own page: its first words go into the message
  }
}

function parseBody(answer: HttpAnswer, text: string): unknown {
  if (text === "") {
    return undefined;
  }
  if (!(answer.header("content-type") ?? "").includes("json")) {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KubeConnectionError("cannot read the API server's answer: it is not JSON", "EBADMSG", { cause });
  }
}
