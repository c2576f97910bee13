// The program that writes the log file. A call with something to say runs it for each line (../main.ts).

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { env, takeInput } from "sys";
import { type LogEvent, recordEvent } from "../log-event.ts";
import { nativeSyscalls } from "../sys/native.ts";

const text = takeInput();
if (text !== undefined) {
  const event: LogEvent = JSON.parse(text);
  recordEvent({ sys: nativeSyscalls(), variables: env }, event);
}
