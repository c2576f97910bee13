// The program that the binary starts with. It answers VERSION, which runtimes ask of every plugin again and again, and leaves
// the rest to main.ts: the engine then reads the bytecode of the verbs only when one is wanted.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { env, exit, runProgram, write } from "sys";
import { version } from "./commands/version.ts";

if (env["CNI_COMMAND"] === "VERSION") {
  write(1, version());
  exit(0);
}
runProgram("mqtap-verbs");
