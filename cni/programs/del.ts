// The program that serves DEL without `ipam`: it needs none of what reads configurations and makes taps.

import { main } from "../main.ts";
import { plainDel } from "../verbs.ts";

main({ verbs: { DEL: plainDel }, ipamProgram: "mqtap-verbs" });
