// The OnDefineDomain hook on taps that carry an alias: a domain with one NIC, with ten, and one with 256 sockets. KubeVirt runs it
// two or three times before a VM starts, in a container with 64 MB.
import { execFileSync } from "node:child_process";
import { domainXml } from "../fakes/kubevirt-domain.ts";
import { withNamespace } from "./namespaces.ts";
import { type Figure, percentile } from "./statistics.ts";

export interface HookBench {
  /** The binary. */
  readonly path: string;
  /** The compiled spawn.c. */
  readonly runner: string;
  readonly rounds: number;
}

const tapNames = Array.from({ length: 10 }, (_, index) => `tap${index}`);
const vmi = JSON.stringify({ spec: { networks: [{ name: "tap0", pod: {} }] } });

/** As KubeVirt lists them where 256 sockets may be plugged in. */
const vcpus = Array.from({ length: 256 }, (_, id) => `\n    <vcpu id="${id}" enabled="yes" hotpluggable="yes"></vcpu>`);

function nicsOf(names: readonly string[]) {
  return names.map((name) => ({ network: name, target: name, queues: 8 }));
}

const domains: Readonly<Record<string, string>> = {
  "1 NIC": domainXml(nicsOf(tapNames.slice(0, 1))),
  "10 NICs": domainXml(nicsOf(tapNames)),
  "256 sockets": domainXml(nicsOf(tapNames.slice(0, 1)), `<vcpus>${vcpus.join("")}\n  </vcpus>`),
};

export function benchHook({ path, runner, rounds }: HookBench): readonly Figure[] {
  return withNamespace((netns) => {
    const namespace = netns.slice(netns.lastIndexOf("/") + 1);
    for (const name of tapNames) {
      ip("-n", namespace, "tuntap", "add", "mode", "tap", "name", name, "multi_queue");
      ip("-n", namespace, "link", "set", "dev", name, "alias", "mqtap/1 q=4 m=adopted");
    }
    return Object.entries(domains).flatMap(([title, xml]) => {
      const words = [runner, "1", "/dev/null", path, "on-define-domain", "--vmi", vmi, "--domain", xml];
      const costs = Array.from({ length: rounds }, () => parseCost(ip("netns", "exec", namespace, ...words)));
      const cpuMs = percentile(
        costs.map(({ cpuUs }) => cpuUs / 1000),
        50,
      );
      const rssMb = Math.max(...costs.map(({ maxRssKb }) => maxRssKb)) / 1024;
      const size = `${title}, ${(xml.length / 1000).toFixed(1)} kB`;
      return [
        figure(`hook, ${size}: CPU p50, ms`, { value: cpuMs, most: 10 }),
        figure(`hook, ${size}: largest RSS, MB`, { value: rssMb, most: 8 }),
      ];
    });
  });
}

function figure(what: string, { value, most }: { readonly value: number; readonly most: number }): Figure {
  return { what, mqtap: value.toFixed(1), peer: "", ratio: "", wanted: `<= ${most}`, isMet: value <= most };
}

/** What the hook says of what it lowered goes nowhere. @throws where it fails. */
function ip(...words: readonly string[]): string {
  return execFileSync("ip", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function parseCost(printed: string): { readonly cpuUs: number; readonly maxRssKb: number } {
  const cost: { cpuUs: number; maxRssKb: number; status: number } = JSON.parse(printed);
  if (cost.status !== 0) throw new Error(`the hook failed with ${cost.status}`);
  return cost;
}
