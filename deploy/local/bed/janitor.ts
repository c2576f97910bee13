// Removes a bed's cgroups and files once all its processes have ended: after stop(), and as well after we were killed. It is
// a shell that waits for the end of a pipe which only we hold.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";

/** The one who clears up. */
export interface Janitor {
  /** Cgroups that it removes too, with what is in them. To be told before they are made. */
  remember(cgroups: readonly string[]): void;
  /** Lets it clear up now; settles when it has. @throws Error when something could not be removed */
  finish(): Promise<void>;
}

// reads folders of cgroups from the file when its time has come; 20 s are for processes that are still dying
const script = `
cat > /dev/null
directory=$1
list=$directory/cgroups
turn=0
while [ "$turn" -lt 400 ]; do
  left=
  if [ -e "$list" ]; then
    while read -r folder; do
      [ -d "$folder" ] || continue
      find "$folder" -depth -type d -exec rmdir {} ';' 2>/dev/null
      [ ! -d "$folder" ] || left=$folder
    done < "$list"
  fi
  if [ -z "$left" ] && rm -rf --one-file-system "$directory" 2>/dev/null; then exit 0; fi
  turn=$((turn + 1))
  sleep 0.05
done
echo "$left $directory"
exit 1
`;

/** Starts it for a bed's directory. */
export function startJanitor(directory: string): Janitor {
  // a session of its own: Ctrl-C is not for it
  const child: ChildProcess = spawn("sh", ["-c", script, "mqtap-bed-janitor", directory], {
    detached: true,
    cwd: "/",
    stdio: ["pipe", "pipe", "ignore"],
  });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = once(child, "exit");
  return {
    remember: (cgroups) =>
      writeFileSync(path.join(directory, "cgroups"), cgroups.map((folder) => `${folder}\n`).join("")),
    finish: async () => {
      child.stdin?.end();
      const [status] = await ended;
      if (status !== 0) throw new Error(`cannot remove all of the bed, still there: ${said.trim()}`);
    },
  };
}
