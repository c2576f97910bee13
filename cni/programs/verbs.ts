// The program that serves every verb, and what is none, with `ipam` and without.

import { openLinuxAddressing } from "../kernel/linux-addressing.ts";
import { createLinuxTap } from "../kernel/linux-create-tap.ts";
import { main } from "../main.ts";
import { verbs } from "../verbs.ts";

main({ verbs, createTap: createLinuxTap, openAddressing: openLinuxAddressing });
