// The one object that an agent watches: its own node's profile, by name, which costs the API server the least.

import { type Reflector, type ReflectorOptions, startReflector } from "../kube/reflector.ts";
import { type ObservedProfile, observeProfile, profilesPath } from "./observed-profile.ts";
import type { AgentSurroundings } from "./surroundings.ts";

/** Begins to watch; it ends with the surroundings' signal. */
export function watchProfile(
  { transport, clock, random, log, signal }: AgentSurroundings,
  name: string,
  onChange: ReflectorOptions<ObservedProfile>["onChange"],
): Reflector<ObservedProfile> {
  return startReflector<ObservedProfile>({
    ...{ transport, clock, random, log, signal, name, onChange },
    path: profilesPath,
    parse: observeProfile,
    keyOf: (profile) => profile.name,
  });
}
