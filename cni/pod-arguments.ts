// CNI_ARGS ("K=V;K2=V2"): who the pod is, and a MAC address. Runtimes give the pairs in any order, values may be empty,
// and unknown keys are an error unless IgnoreUnknown is set (pkg/types/args.go, cni v1.3.0).

import { CniError, errorCodes } from "./error.ts";

export interface PodArguments {
  readonly podNamespace: string | undefined;
  readonly podName: string | undefined;
  readonly podUid: string | undefined;
  readonly mac: string | undefined;
}

/** IP is for IPAM plugins, which take CNI_ARGS themselves; the infra container id is CNI_CONTAINERID. */
const knownKeys = [
  "IgnoreUnknown",
  "IP",
  "K8S_POD_INFRA_CONTAINER_ID",
  "K8S_POD_NAME",
  "K8S_POD_NAMESPACE",
  "K8S_POD_UID",
  "MAC",
];

/** @throws CniError 4 for a malformed pair, and for unknown keys unless they are to be ignored. */
export function parsePodArguments(text: string): PodArguments {
  const pairs = new Map<string, string>();
  for (const pair of text === "" ? [] : text.split(";")) {
    const [key, value, ...rest] = pair.split("=");
    if (key === undefined || key === "" || value === undefined || rest.length > 0) {
      throw invalid(`${JSON.stringify(pair)} is not of the form KEY=VALUE`);
    }
    pairs.set(key, value);
  }
  if (!isTrue(pairs.get("IgnoreUnknown") ?? "")) {
    const unknown = [...pairs.keys()].filter((key) => !knownKeys.includes(key));
    if (unknown.length > 0) throw invalid(`unknown keys [${unknown.join(",")}]; IgnoreUnknown=1 would allow them`);
  }
  const read = (key: string): string | undefined => pairs.get(key) || undefined;
  return {
    podNamespace: read("K8S_POD_NAMESPACE"),
    podName: read("K8S_POD_NAME"),
    podUid: read("K8S_POD_UID"),
    mac: read("MAC"),
  };
}

function isTrue(value: string): boolean {
  switch (value.toLowerCase()) {
    case "1":
    case "true":
      return true;
    case "":
    case "0":
    case "false":
      return false;
    default:
      throw invalid(`IgnoreUnknown=${value} is neither true nor false`);
  }
}

function invalid(why: string): CniError {
  return new CniError(errorCodes.InvalidEnvironment, `invalid CNI_ARGS: ${why}`);
}
