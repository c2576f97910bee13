// One HTTPS request to the embedded API server, as its administrator: what set-up and tests need beside kubectl.
// It is no client for the operator: that one has its own in operator/kube.
import { request } from "node:https";
import { text } from "node:stream/consumers";

/** Where and as whom to ask. `ca` is the PEM text. */
export interface ApiEndpoint {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}

/** One request; `body` is sent as JSON. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/** The API server's answer; `body` is parsed when it is JSON, else the text. */
export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** The API server answered with a status other than 2xx. */
export class ApiStatusError extends Error {
  override readonly name = "ApiStatusError";
  readonly status: number;

  constructor({ method, path }: ApiRequest, response: ApiResponse) {
    super(`cannot ${method} "${path}": ${response.status} ${JSON.stringify(response.body)}`);
    this.status = response.status;
  }
}

/**
 * Sends one request over a connection of its own.
 * @throws ApiStatusError when the answer is not 2xx
 */
export async function sendApiRequest(endpoint: ApiEndpoint, apiRequest: ApiRequest): Promise<ApiResponse> {
  const payload = apiRequest.body === undefined ? undefined : JSON.stringify(apiRequest.body);
  const response = await new Promise<ApiResponse>((resolve, reject) => {
    const outgoing = request(new URL(apiRequest.path, endpoint.server), {
      method: apiRequest.method,
      ca: endpoint.ca,
      agent: false,
      signal: AbortSignal.timeout(apiRequest.timeoutMs ?? 30_000),
      headers: {
        accept: "application/json",
        authorization: `Bearer ${endpoint.token}`,
        ...(payload === undefined
          ? {}
          : {
              "content-type": apiRequest.contentType ?? "application/json",
              "content-length": Buffer.byteLength(payload),
            }),
      },
    });
    outgoing.once("error", reject);
    outgoing.once("response", (incoming) => {
      text(incoming).then(
        (body) =>
          resolve({ status: incoming.statusCode ?? 0, body: parseBody(incoming.headers["content-type"], body) }),
        reject,
      );
    });
    outgoing.end(payload);
  });
  if (response.status < 200 || response.status > 299) throw new ApiStatusError(apiRequest, response);
  return response;
}

function parseBody(contentType: string | undefined, body: string): unknown {
  return contentType?.startsWith("application/json") ? JSON.parse(body) : body;
}
