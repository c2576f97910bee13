// Intent to profiles: everything is decided anew from the caches, what differs is written, and nothing else. The write is
// the step on the way from a changed config to a node's kernel, so it waits for nothing that is not needed for it.
import type { NodeNetworkConfig } from "../../crds/node-network-config.ts";
import { type NodeNetworkProfile, parseNodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { apiVersion } from "../../crds/resource.ts";
import { apply } from "../kube/apply.ts";
import type { Clock } from "../kube/clock.ts";
import { describeError, type Log } from "../kube/log.ts";
import type { ReconcileResult } from "../kube/run-workers.ts";
import { isNotFound, KubeApiError, type KubeTransport, unknownFieldOf } from "../kube/transport.ts";
import { AbsentConfigs } from "./absent-configs.ts";
import { isDefinitionKept } from "./definition.ts";
import { eachLimited, throwAny } from "./each-limited.ts";
import type { ObservedNode } from "./node.ts";
import { type NodePlan, planNodes } from "./plan.ts";
import { configDefinitionPath, fieldManager, profileDefinitionPath, profilePath } from "./resources.ts";
import { type Admission, planRollout } from "./rollout.ts";
import { WrittenProfiles } from "./written-profiles.ts";

const writesAtOnce = 16;
/** A config that nobody can confirm to be gone is asked for again after this, and a CRD that is being deleted. */
const askAgainMs = 5_000;
/** What the API server refused is tried again after this, or as soon as it differs. */
const refusedMs = 10 * 60_000;

/** The caches the controller decides from. */
export interface Caches {
  readonly configs: ReadonlyMap<string, NodeNetworkConfig>;
  readonly nodes: ReadonlyMap<string, ObservedNode>;
  readonly profiles: ReadonlyMap<string, NodeNetworkProfile>;
}

/** What is wanted and what stands, as of the last look. */
export interface Picture {
  readonly plans: ReadonlyMap<string, NodePlan>;
  readonly profiles: ReadonlyMap<string, NodeNetworkProfile>;
  /** By node: why the API server refuses its profile. */
  readonly rejections: ReadonlyMap<string, string>;
  /** Configs that profiles name and nobody has confirmed to be gone: their values stay. */
  readonly held: ReadonlySet<string>;
}

interface Rejection {
  readonly hash: string;
  readonly message: string;
  readonly atMs: number;
}

/** Writes profiles, and remembers what it wrote. */
export class Renderer {
  readonly #caches: Caches;
  readonly #transport: KubeTransport;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #written: WrittenProfiles;
  readonly #absent: AbsentConfigs;
  readonly #rejections = new Map<string, Rejection>();

  constructor(options: {
    readonly caches: Caches;
    readonly transport: KubeTransport;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#caches = options.caches;
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#written = new WrittenProfiles(options.caches.profiles);
    this.#absent = new AbsentConfigs(options.transport);
  }

  /** The watch says that this profile is gone. */
  forget(deleted: NodeNetworkProfile): void {
    this.#written.forget(deleted);
  }

  /** What is wanted and what stands, without writing anything. */
  look(): Picture {
    const profiles = this.#written.current();
    const rejections = new Map([...this.#rejections].map(([node, { message }]) => [node, message]));
    const held = this.#absent.held(namesOf(profiles), this.#caches.configs);
    return { plans: planNodes({ ...this.#caches, profiles, held }), profiles, rejections, held };
  }

  /** One pass. @throws what a write threw that may go better next time. */
  async reconcile(signal: AbortSignal): Promise<ReconcileResult> {
    await this.#confirm();
    const { plans, profiles, held } = this.look();
    const { admit, againAfterMs } = planRollout({ wanted: plans, current: profiles });
    for (const node of this.#rejections.keys()) {
      if (!admit.some((admission) => admission.node === node)) {
        this.#rejections.delete(node);
      }
    }
    const isNew = ({ node }: Admission): boolean => !profiles.has(node);
    const mayCreate = !admit.some(isNew) || (await this.#areKindsKept());
    const errors = await eachLimited(
      admit.filter((admission) => !this.#isRefused(admission) && (mayCreate || !isNew(admission))),
      writesAtOnce,
      async (admission) => {
        if (!signal.aborted) {
          await this.#write(admission);
        }
      },
    );
    throwAny(errors, "write profiles");
    const waits = [
      againAfterMs,
      held.size > 0 || !mayCreate ? askAgainMs : undefined,
      this.#rejections.size > 0 ? refusedMs : undefined,
    ];
    const soonest = Math.min(...waits.filter((wait) => wait !== undefined));
    return Number.isFinite(soonest) ? { requeueAfterMs: soonest } : undefined;
  }

  /** Makes sure of everything that the caches lack and that a decision would hang on. */
  async #confirm(): Promise<void> {
    const { configs, nodes } = this.#caches;
    const profiles = this.#written.current();
    await this.#absent.confirm(namesOf(profiles), configs);
    if ([...configs.values()].some(({ spec }) => spec.paused)) {
      // what a paused config has given stands in the profiles alone: a profile that is only missing here must not be
      // written as if it had never been
      const unknown = [...nodes.values()].filter(({ name, isLinux }) => isLinux && !profiles.has(name));
      throwAny(await eachLimited(unknown, writesAtOnce, ({ name }) => this.#read(name)), "read profiles");
    }
  }

  /** Profiles that vanish with their CRD, or after the configs have vanished with theirs, must not come back empty. */
  async #areKindsKept(): Promise<boolean> {
    const paths = [configDefinitionPath, profileDefinitionPath];
    return (await Promise.all(paths.map((path) => isDefinitionKept(this.#transport, path)))).every(Boolean);
  }

  async #read(name: string): Promise<void> {
    try {
      const { body } = await this.#transport.request({ method: "GET", path: profilePath(name) });
      this.#written.remember(parseNodeNetworkProfile(body));
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
    }
  }

  async #write({ node, uid, spec }: Admission): Promise<void> {
    try {
      const answer = await apply({
        transport: this.#transport,
        path: profilePath(node),
        object: {
          apiVersion,
          kind: "NodeNetworkProfile",
          metadata: { name: node, ...{ ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node, uid }] } },
          ...{ spec },
        },
        fieldManager,
      });
      this.#written.remember(parseNodeNetworkProfile(answer));
      this.#rejections.delete(node);
      this.#log.info("profile written", { node, hash: spec.hash, sources: spec.sources.map(({ config }) => config) });
    } catch (error) {
      if (!isRefusal(error)) {
        throw error;
      }
      const message = messageOf(error);
      this.#rejections.set(node, { hash: spec.hash, message, atMs: this.#clock.monotonicMs() });
      this.#log.error("profile refused, not tried again as it is", { node, error: message });
    }
  }

  #isRefused({ node, spec }: Admission): boolean {
    const rejection = this.#rejections.get(node);
    return rejection?.hash === spec.hash && this.#clock.monotonicMs() - rejection.atMs < refusedMs;
  }
}

/** The configs that profiles have values of. */
function namesOf(profiles: ReadonlyMap<string, NodeNetworkProfile>): ReadonlySet<string> {
  return new Set([...profiles.values()].flatMap(({ spec }) => spec.sources.map(({ config }) => config)));
}

/** The API server understood and will not have it: the same again would meet the same answer. */
function isRefusal(error: unknown): boolean {
  if (unknownFieldOf(error) !== undefined) return true;
  return error instanceof KubeApiError && (error.status === 400 || error.status === 422);
}

function messageOf(error: unknown): string {
  const field = unknownFieldOf(error);
  if (field === undefined) return describeError(error);
  return `the CRD of NodeNetworkProfile in this cluster is older than this controller and lacks ${field}: apply mqtap's CRDs`;
}
