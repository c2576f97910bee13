// The verbs that take a configuration, each with the first cniVersion that knows it. A program of the binary imports the ones
// that it serves, and its bundle carries no other.

import { add } from "./commands/add.ts";
import { addWithIpam } from "./commands/add-with-ipam.ts";
import type { Verb, Verbs } from "./commands/call.ts";
import { check } from "./commands/check.ts";
import { del } from "./commands/del.ts";
import { delWithIpam } from "./commands/del-with-ipam.ts";
import { gc } from "./commands/gc.ts";
import { status } from "./commands/status.ts";
import { requireIpam } from "./commands/status-of-ipam.ts";

/** These three are for configurations without `ipam`. */
export const plainAdd: Verb = { run: (call) => add(call), since: "0.1.0" };
export const plainDel: Verb = { run: del, since: "0.1.0" };
export const plainStatus: Verb = { run: (call) => status(call), since: "1.1.0" };
const ADD: Verb = { run: addWithIpam, since: "0.1.0" };
const DEL: Verb = { run: delWithIpam, since: "0.1.0" };
const CHECK: Verb = { run: check, since: "0.4.0" };
const GC: Verb = { run: gc, since: "1.1.0" };
const STATUS: Verb = { run: (call) => status(call, requireIpam), since: "1.1.0" };

/** The plugin as a whole. */
export const verbs: Verbs = { ADD, DEL, CHECK, GC, STATUS };
