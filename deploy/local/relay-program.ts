// A relay as a process, to be run inside a network namespace: `relay-program.ts LISTEN TARGET`. Ends with its stdin.
import { startRelay } from "./relay.ts";

const [listen = "", target = ""] = process.argv.slice(2);
await startRelay(listen, target);
console.log("ready");
process.stdin.resume().on("close", () => process.exit(0));
