// The tap's IFLA_IFALIAS: the plugin's mark of ownership and the hook's source for E.
// "mqtap/1 q=<E> m=<mode> n=<16 hex of sha256(network)> a=<32 hex of sha256(network, container id, ifname)>"

export type TapMode = "main" | "companion" | "binding";

export type TapAlias =
  | { readonly mode: TapMode; readonly queues: number; readonly networkId: string; readonly attachmentId: string }
  | { readonly mode: "adopted"; readonly queues: number };

/** SHA-256 as lower-case hex, given as a parameter so that this file stays pure. */
export type Sha256Hex = (text: string) => string;

/** First 16 hex digits: what GC looks at. */
export function networkId(sha256Hex: Sha256Hex, network: string): string {
  return sha256Hex(network).slice(0, 16);
}

/** 32 hex digits that name one attachment. NUL separates the parts, none of which can contain it. */
export function attachmentId(
  sha256Hex: Sha256Hex,
  attachment: { readonly network: string; readonly containerId: string; readonly ifName: string },
): string {
  return sha256Hex(`${attachment.network}\0${attachment.containerId}\0${attachment.ifName}`).slice(0, 32);
}

export function formatAlias(alias: TapAlias): string {
  const head = `mqtap/1 q=${alias.queues} m=${alias.mode}`;
  return alias.mode === "adopted" ? head : `${head} n=${alias.networkId} a=${alias.attachmentId}`;
}

const owned = /^mqtap\/1 q=([1-9]\d{0,2}) m=(main|companion|binding) n=([0-9a-f]{16}) a=([0-9a-f]{32})$/;
const adopted = /^mqtap\/1 q=([1-9]\d{0,2}) m=adopted$/;

/** Undefined for anything that is not exactly ours: a foreign or forged text is never acted upon. */
export function parseAlias(text: string | undefined): TapAlias | undefined {
  if (text === undefined) return undefined;
  const match = owned.exec(text);
  if (match !== null) {
    const [, queues = "", mode = "", networkId = "", attachmentId = ""] = match;
    return isQueueCount(queues)
      ? { mode: mode as TapMode, queues: Number(queues), networkId, attachmentId }
      : undefined;
  }
  const queues = adopted.exec(text)?.[1];
  return queues !== undefined && isQueueCount(queues) ? { mode: "adopted", queues: Number(queues) } : undefined;
}

function isQueueCount(digits: string): boolean {
  return Number(digits) <= 256;
}
