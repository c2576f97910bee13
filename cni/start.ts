// The program that the binary starts with. It answers VERSION, which runtimes ask of every plugin again and again, and leaves
// the rest to the files of programs/: the engine then reads only the bytecode that the verb needs.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { argv, env, exit, runProgram, write } from "sys";
import { version } from "./commands/version.ts";

if (env["CNI_COMMAND"] === "VERSION") {
  write(1, version());
  exit(0);
}
runProgram(programFor(env["CNI_COMMAND"]));

/** The names that host/build.mjs gives to the files of programs/. */
function programFor(command: string | undefined): string {
  switch (command) {
    case "ADD":
      return "mqtap-add";
    case "DEL":
      return "mqtap-del";
    case "STATUS":
      return "mqtap-status";
    case undefined:
    case "":
      // Without a verb it is a person: their words are for programs/inspect.ts, which knows what they may be.
      if (argv[1] === "on-define-domain") return "onDefineDomain";
      if (argv[1] === "adopt") return "mqtap-adopt";
      return argv.length > 1 ? "mqtap-inspect" : "mqtap-verbs";
    default:
      return "mqtap-verbs";
  }
}
