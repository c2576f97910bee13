// The program that serves ADD without `ipam`.

import { main } from "../main.ts";
import { plainAdd } from "../verbs.ts";

main({ verbs: { ADD: plainAdd }, ipamProgram: "mqtap-verbs" });
