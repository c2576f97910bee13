// The transport of whoever has a kubeconfig: @kubernetes/client-node reads it (tokens, client certificates, exec plugins),
// one pooled undici dispatcher carries all requests. The library's own way makes a new connection for each request, and
// its watch and informer stop for good on the first failure, so neither is used.
import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent, request as undiciRequest } from "undici";
import type { Clock } from "./clock.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { createHttpTransport, type HttpRequest } from "./http-transport.ts";
import { describeError } from "./log.ts";
import { KubeConnectionError, type KubeTransport } from "./transport.ts";

/** Which kubeconfig, and which of its contexts. */
export interface KubeconfigTransportOptions {
  readonly kubeconfigFile: string;
  /** The current one unless told. */
  readonly context?: string | undefined;
  readonly clock: Clock;
  readonly userAgent?: string | undefined;
}

/** Credentials (files, exec plugins) are asked for again after this. */
const longestAgeMs = 10_000;

/** A transport from a kubeconfig file.
 * @throws Error with a readable text when the file is missing or makes no sense. */
export function createKubeconfigTransport(options: KubeconfigTransportOptions): KubeTransport {
  const { config, server, proxy } = loadKubeconfig(options);
  const pool = createPool(proxy);
  let cached: { readonly auth: RequestOptions; readonly readAtMs: number } | undefined;

  const authenticate = async (): Promise<RequestOptions> => {
    const nowMs = options.clock.monotonicMs();
    if (cached === undefined || nowMs - cached.readAtMs >= longestAgeMs) {
      const auth: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(auth);
      } catch (cause) {
        const why = `cannot get credentials as kubeconfig "${options.kubeconfigFile}" says: ${describeError(cause)}`;
        throw new KubeConnectionError(why, "EAUTH", { cause });
      }
      cached = { auth, readAtMs: nowMs };
    }
    return cached.auth;
  };

  return createHttpTransport({
    server,
    clock: options.clock,
    userAgent: options.userAgent ?? "kube-operator",
    hint: "check --kubeconfig",
    adapter: {
      async send(request) {
        const auth = await authenticate();
        return send(request, auth, pool.dispatcherFor(auth));
      },
      forgetCredentials() {
        cached = undefined;
      },
      close: () => pool.close(),
    },
  });
}

function loadKubeconfig({ kubeconfigFile, context }: KubeconfigTransportOptions): {
  readonly config: KubeConfig;
  readonly server: string;
  readonly proxy: string | undefined;
} {
  const config = new KubeConfig();
  try {
    config.loadFromFile(kubeconfigFile);
  } catch (cause) {
    throw new Error(`cannot read kubeconfig "${kubeconfigFile}": ${describeError(cause)}`, { cause });
  }
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  const complain = (why: string): Error => new Error(`cannot use kubeconfig "${kubeconfigFile}": ${why}`);
  const name = config.getCurrentContext();
  if (config.getContextObject(name) === null) {
    throw complain(name ? `it has no context "${name}"` : "it has no current context");
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw complain(`the cluster of context "${name}" is not in it`);
  }
  if (!URL.canParse(cluster.server) || !/^https?:$/.test(new URL(cluster.server).protocol)) {
    throw complain(`"${cluster.server}" is not the address of an API server`);
  }
  if (config.getCurrentUser() === null) {
    throw complain(`the user of context "${name}" is not in it`);
  }
  return { config, server: cluster.server, proxy: cluster.proxyUrl };
}

interface Pool {
  /** The pooled dispatcher; a new one only when the TLS material has changed. */
  dispatcherFor(auth: RequestOptions): Dispatcher;
  close(): void;
}

function createPool(proxy: string | undefined): Pool {
  let current: { readonly material: string; readonly dispatcher: Dispatcher } | undefined;
  return {
    dispatcherFor(auth) {
      const tls = tlsOptions(auth);
      const material = JSON.stringify(Object.values(tls).map(String));
      if (current?.material !== material) {
        void current?.dispatcher.close();
        current = { material, dispatcher: createDispatcher(tls, proxy) };
      }
      return current.dispatcher;
    },
    close: () => void current?.dispatcher.destroy(),
  };
}

function tlsOptions({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions) {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

function createDispatcher(tls: ReturnType<typeof tlsOptions>, proxy: string | undefined): Dispatcher {
  // time limits are the transport's, on its own clock; HTTP/2 costs memory and gains nothing with a few watches
  const shared = { headersTimeout: 0, bodyTimeout: 0, allowH2: false };
  const connect = { keepAlive: true, keepAliveInitialDelay: 30_000 };
  return proxy === undefined
    ? new Agent({ ...shared, connect: { ...tls, ...connect } })
    : new ProxyAgent({ ...shared, uri: proxy, requestTls: { ...tls, ...connect } });
}

async function send(request: HttpRequest, auth: RequestOptions, dispatcher: Dispatcher): Promise<HttpAnswer> {
  const { method, url, body, signal } = request;
  const basic = typeof auth.auth === "string" ? { authorization: `Basic ${btoa(auth.auth)}` } : {};
  const answer = await undiciRequest(url, {
    method,
    dispatcher,
    signal,
    body: body ?? null,
    headers: { ...basic, ...stringHeaders(auth), ...request.headers },
  });
  return {
    status: answer.statusCode,
    header(name) {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    body: answer.body,
  };
}

function stringHeaders({ headers }: RequestOptions): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
