// What mqtap has on a node, file by file, as the node itself sees it.
import type { BedNode } from "../../deploy/local/bed/node.ts";

const folders = ["/opt/cni/bin", "/etc/cni", "/var/lib/mqtap", "/run/mqtap", "/var/log"];

/** Paths of all that is named after mqtap or lies in a folder of that name, sorted. */
export async function listHostFiles(node: BedNode): Promise<readonly string[]> {
  const { stdout } = await node.run(["find", ...folders, "-path", "*mqtap*"], { allowFailure: true });
  const isKubelets = (name: string): boolean => /^\/var\/log\/(pods|containers)\//.test(name);
  return stdout
    .split("\n")
    .filter((name) => name !== "" && !isKubelets(name))
    .toSorted();
}

/** Path -> inode and hash of each file but for logs and the agent's own notes, in which it writes as long as it lives. */
export async function readHostFiles(node: BedNode): Promise<Readonly<Record<string, string>>> {
  const script =
    'find "$@" -path "*mqtap*" -type f ! -path "/var/log/*" ! -name state.json -exec stat -c "%n %i" {} + -exec sha256sum {} +';
  const { stdout } = await node.run(["sh", "-c", script, "sh", ...folders], { allowFailure: true });
  const files: Record<string, string> = {};
  for (const line of stdout.split("\n").filter(Boolean)) {
    const [first = "", second = ""] = line.split(/\s+/);
    const [name, value] = first.startsWith("/") ? [first, second] : [second, first];
    files[name] = `${files[name] ?? ""} ${value}`.trim();
  }
  return files;
}
