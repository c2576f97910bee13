// The embedded control plane: a real etcd and a real kube-apiserver on loopback, with RBAC, the Node authorizer,
// admission policies and bound service-account tokens; data in a temporary directory, gone when it is disposed of.
// There are no controllers and no kubelet: node status and default service accounts are written by nodes.ts.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiRequest, type ApiResponse, sendApiRequest } from "./api-request.ts";
import { type CommandOptions, runCommand } from "./command.ts";
import { apiServerArgv, etcdArgv } from "./control-plane-flags.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { findFreePorts } from "./free-ports.ts";
import { renderKubeconfig } from "./kubeconfig.ts";

/** What `startControlPlane` needs. `binDir` holds etcd, kube-apiserver and kubectl. */
export interface ControlPlaneOptions {
  readonly binDir: string;
  /** An existing, empty directory; without it one is made and removed again. */
  readonly directory?: string;
  readonly log?: (line: string) => void;
  readonly readyTimeoutMs?: number;
  /** Without it both listen on our own loopback address, on ports that are free. */
  readonly network?: ControlPlaneNetwork;
  /** Who may talk to the API server beside its administrator. */
  readonly users?: readonly ApiUser[];
}

/** A network namespace that a control plane has for itself, with kubelets in reach. */
export interface ControlPlaneNetwork {
  /** The argv that runs `argv` in it. */
  enter(argv: readonly string[]): readonly string[];
  /** The control plane's address in it. */
  readonly address: string;
  /** The URL by which we reach the API server from outside. */
  readonly server: string;
}

/** A user who is known by a token. */
export interface ApiUser {
  readonly name: string;
  readonly groups: readonly string[];
  readonly token: string;
}

/** A running control plane. */
export interface ControlPlane extends AsyncDisposable {
  readonly directory: string;
  /** `https://127.0.0.1:<port>`; stays the same when the API server is stopped and started. */
  readonly server: string;
  readonly caFile: string;
  readonly adminToken: string;
  readonly adminKubeconfigPath: string;
  readonly etcdPort: number;
  /** Runs kubectl as administrator (or by another kubeconfig) and gives its stdout. @throws CommandError */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** One API request as administrator. @throws ApiStatusError */
  request(request: ApiRequest): Promise<ApiResponse>;
  /** Writes a kubeconfig for the holder of the token into the directory and gives its path. */
  writeKubeconfig(user: string, token: string): string;
  /** SIGTERM lets it end its watches in order; SIGKILL is the crash. */
  stopApiServer(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again on the same port and waits until it is ready. */
  startApiServer(): Promise<void>;
}

/** How kubectl is run. */
export interface KubectlOptions extends Pick<CommandOptions, "stdin" | "timeoutMs"> {
  readonly kubeconfig?: string;
}

const startAttempts = 4;
const adminUser = "admin";
const networkPorts = [2379, 2380, 443];

/** Starts both programs and waits until the API server is ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  for (let attempt = 1; ; attempt += 1) {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), "mqtap-control-plane-"));
    const processes = new ControlPlaneProcesses(options, directory);
    try {
      return await processes.start();
    } catch (error) {
      await processes.remove();
      const isPortTaken = error instanceof Error && error.message.includes("address already in use");
      if (!isPortTaken || attempt === startAttempts) throw error;
      options.log?.("a port was taken in the meantime, starting again with others");
    }
  }
}

class ControlPlaneProcesses {
  readonly #options: ControlPlaneOptions;
  readonly #directory: string;
  readonly #adminToken = randomBytes(24).toString("base64url");
  #etcd: Daemon | undefined;
  #apiServer: Daemon | undefined;

  constructor(options: ControlPlaneOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
  }

  async start(): Promise<ControlPlane> {
    const { network } = this.#options;
    const [etcdPort, etcdPeerPort, apiPort] = network === undefined ? await findFreePorts(3) : networkPorts;
    if (etcdPort === undefined || etcdPeerPort === undefined || apiPort === undefined) throw new RangeError("no ports");
    const directory = this.#directory;
    const address = network === undefined ? {} : { address: network.address };
    const layout = { binDir: this.#options.binDir, directory, etcdPort, etcdPeerPort, apiPort, ...address };
    const server = network?.server ?? `https://127.0.0.1:${apiPort}`;
    const caFile = join(directory, "serving", "apiserver.crt");
    const writeKubeconfig = (user: string, token: string): string => {
      const path = join(directory, `${user.replaceAll(/[^\w.-]/g, "_")}.kubeconfig`);
      writeFileSync(path, renderKubeconfig({ server, caFile, user, token }), { mode: 0o600 });
      return path;
    };
    const request = (apiRequest: ApiRequest): Promise<ApiResponse> =>
      sendApiRequest({ server, ca: readFileSync(caFile, "utf8"), token: this.#adminToken }, apiRequest);
    const admin = { name: adminUser, groups: ["system:masters"], token: this.#adminToken };
    writeCredentials(directory, [admin, ...(this.#options.users ?? [])]);
    const adminKubeconfigPath = writeKubeconfig(adminUser, this.#adminToken);
    this.#etcd = this.#startDaemon("etcd", etcdArgv(layout));
    const startApiServer = async (): Promise<void> => {
      if (this.#apiServer?.isRunning) return;
      this.#apiServer = this.#startDaemon("kube-apiserver", apiServerArgv(layout));
      await this.#waitUntilReady(request);
    };
    await startApiServer();
    return {
      directory,
      server,
      caFile,
      adminToken: this.#adminToken,
      adminKubeconfigPath,
      etcdPort,
      kubectl: (args, kubectlOptions) => this.#kubectl(args, adminKubeconfigPath, kubectlOptions),
      request,
      writeKubeconfig,
      stopApiServer: async (signal = "SIGTERM") => this.#apiServer?.stop(signal, 20_000),
      startApiServer,
      [Symbol.asyncDispose]: () => this.remove(),
    };
  }

  // the data go with it, so there is nothing to save: SIGKILL, but the API server first, as it hangs without etcd
  async remove(): Promise<void> {
    await this.#apiServer?.stop("SIGKILL");
    await this.#etcd?.stop("SIGKILL");
    if (this.#options.directory === undefined) rmSync(this.#directory, { recursive: true, force: true });
  }

  #startDaemon(name: string, argv: readonly string[]): Daemon {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: this.#directory };
    const entered = this.#options.network?.enter(argv) ?? argv;
    return startDaemon({
      name,
      argv: entered,
      env,
      cwd: this.#directory,
      logFile: join(this.#directory, `${name}.log`),
    });
  }

  async #kubectl(args: readonly string[], kubeconfig: string, options: KubectlOptions = {}): Promise<string> {
    const { kubeconfig: other, ...commandOptions } = options;
    const argv = [join(this.#options.binDir, "kubectl"), `--kubeconfig=${other ?? kubeconfig}`, ...args];
    const env = { PATH: "/usr/bin:/bin", HOME: this.#directory, KUBECACHEDIR: join(this.#directory, "kubectl-cache") };
    return (await runCommand(argv, { ...commandOptions, env })).stdout;
  }

  async #waitUntilReady(request: (apiRequest: ApiRequest) => Promise<ApiResponse>): Promise<void> {
    const deadline = Date.now() + (this.#options.readyTimeoutMs ?? 120_000);
    let lastError: unknown;
    while (Date.now() < deadline) {
      for (const daemon of [this.#etcd, this.#apiServer]) {
        if (daemon !== undefined && !daemon.isRunning) {
          throw new Error(`cannot start ${daemon.name}: ${await daemon.ended}\n${daemon.logTail()}`);
        }
      }
      try {
        await request({ method: "GET", path: "/readyz", timeoutMs: 5_000 });
        return;
      } catch (error) {
        lastError = error;
      }
      await delay(50);
    }
    const logs = [this.#etcd, this.#apiServer].map((daemon) => `--- ${daemon?.name}\n${daemon?.logTail()}`);
    throw new Error(`cannot start the control plane: not ready in time\n${logs.join("\n")}`, { cause: lastError });
  }
}

function writeCredentials(directory: string, users: readonly ApiUser[]): void {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "sec1", format: "pem" },
  });
  mkdirSync(join(directory, "serving"), { recursive: true });
  const secret = { mode: 0o600 };
  writeFileSync(join(directory, "service-account.pub"), publicKey);
  writeFileSync(join(directory, "service-account.key"), privateKey, secret);
  const lines = users.map(({ name, groups, token }) => `${token},${name},${name},"${groups.join(",")}"\n`);
  writeFileSync(join(directory, "tokens.csv"), lines.join(""), secret);
}
