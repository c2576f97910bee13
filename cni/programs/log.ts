// The program that writes the log file. A call with something to say runs it for each line (../main.ts).

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { env } from "sys";
import { recordEvent } from "../log-event.ts";
import { nativeSyscalls } from "../sys/native.ts";

if (globalThis.mqtapEvent !== undefined) recordEvent({ sys: nativeSyscalls(), variables: env }, globalThis.mqtapEvent);
