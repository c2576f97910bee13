// The program that serves DEL alone: it needs none of what reads configurations and makes taps.

import { main } from "../main.ts";
import { DEL } from "../verbs.ts";

main({ DEL });
