// The program that serves STATUS without `ipam`, which containerd asks every 5 seconds.

import { main } from "../main.ts";
import { plainStatus } from "../verbs.ts";

main({ verbs: { STATUS: plainStatus }, ipamProgram: "mqtap-verbs" });
