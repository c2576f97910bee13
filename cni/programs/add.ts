// The program that serves ADD without `ipam`.

import { createLinuxTap } from "../kernel/linux-create-tap.ts";
import { main } from "../main.ts";
import { plainAdd } from "../verbs.ts";

main({ verbs: { ADD: plainAdd }, createTap: createLinuxTap, ipamProgram: "mqtap-verbs" });
