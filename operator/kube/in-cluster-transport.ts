// The transport of a pod: node:https and two files. Nothing else, because every megabyte of the agent counts once a node.
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { Clock } from "./clock.ts";
import { openCredentialFiles } from "./credential-files.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { createHttpTransport, type HttpRequest } from "./http-transport.ts";
import type { KubeTransport } from "./transport.ts";

const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where the API server is, and what to trust and to show. */
export interface InClusterEndpoint {
  readonly server: string;
  readonly caFile: string;
  readonly tokenFile: string;
}

/** What the transport needs. */
export interface InClusterTransportOptions extends InClusterEndpoint {
  readonly clock: Clock;
  readonly userAgent?: string | undefined;
  /** What a person should look at when there is no connection. */
  readonly hint?: string | undefined;
}

/** The endpoint that a pod gets from its environment; undefined outside a cluster. */
export function inClusterEndpoint(env: Readonly<Record<string, string | undefined>>): InClusterEndpoint | undefined {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  if (host === undefined || host === "" || port === undefined || port === "") {
    return undefined;
  }
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    caFile: `${serviceAccountDirectory}/ca.crt`,
    tokenFile: `${serviceAccountDirectory}/token`,
  };
}

/** A transport with kept connections; the files are read at the first request.
 * @throws TypeError when the server is not an https URL: a token never goes out in the clear. */
export function createInClusterTransport(options: InClusterTransportOptions): KubeTransport {
  if (!URL.canParse(options.server) || new URL(options.server).protocol !== "https:") {
    throw new TypeError(`cannot use API server "${options.server}": an https:// URL is needed`);
  }
  const credentials = openCredentialFiles(options);
  let connections: { readonly ca: string; readonly agent: Agent } | undefined;

  const agentFor = (ca: string): Agent => {
    if (connections?.ca !== ca) {
      connections?.agent.destroy(); // the cluster's CA was rotated
      connections = { ca, agent: new Agent({ keepAlive: true, keepAliveMsecs: 30_000, ca, maxCachedSessions: 2 }) };
    }
    return connections.agent;
  };

  return createHttpTransport({
    server: options.server,
    clock: options.clock,
    userAgent: options.userAgent ?? "kube-operator",
    hint: options.hint ?? "check the API server's address and the CA file",
    adapter: {
      async send(request) {
        const { token, ca } = await credentials.read();
        return send(request, token, agentFor(ca));
      },
      forgetCredentials: () => credentials.forget(),
      close: () => connections?.agent.destroy(),
    },
  });
}

function send({ method, url, headers, body, signal }: HttpRequest, token: string, agent: Agent): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, {
      method,
      agent,
      signal,
      headers: { ...headers, authorization: `Bearer ${token}` },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => resolve(toAnswer(incoming)));
    outgoing.end(body);
  });
}

function toAnswer(incoming: IncomingMessage): HttpAnswer {
  // until someone reads the body an abort must not become an uncaught error
  incoming.on("error", () => undefined);
  return {
    status: incoming.statusCode ?? 0,
    header(name) {
      const value = incoming.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    body: incoming,
  };
}
