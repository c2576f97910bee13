// The sysctls mqtap may set besides the tap limit: keys of the init network namespace that matter for many queues,
// with the values their kernel handlers take. Whoever may write a config is near root on its nodes, so the list is short.
import * as z from "zod/mini";
import { described, text } from "./schema.ts";

/** The whole list; the agent holds every profile against it. */
export const sysctlNames = [
  "net.core.netdev_max_backlog",
  "net.core.netdev_budget",
  "net.core.netdev_budget_usecs",
  "net.core.rps_sock_flow_entries",
] as const;

/** The kernel rounds other sizes up, and would then never read back what was written (net/core/sysctl_net_core.c). */
const flowTableSizes = ["0", ...Array.from({ length: 30 }, (_, power) => String(2 ** power))];
const flowEntries = "net.core.rps_sock_flow_entries";
const positiveInt32 = /^[1-9][0-9]{0,9}$/;

const sysctl = z.object({
  name: described(z.enum(sysctlNames), "The sysctl's name, with dots."),
  value: text('The value as the kernel shows it, in quotes: "5000".', 64),
});

/** A sysctl a person asks for. */
export const sysctlSchema = described(sysctl, "A sysctl of the node's init network namespace and its value.", [
  {
    rule:
      `self.name == '${flowEntries}' ||` +
      ` (self.value.matches('${positiveInt32.source}') && int(self.value) <= 2147483647)`,
    message: "must be a whole number from 1 to 2147483647, without sign or leading zero",
    messageExpression:
      "'\"' + self.value + '\" is not a value for ' + self.name + ': it must be a whole number" +
      " from 1 to 2147483647, without sign or leading zero'",
    fieldPath: ".value",
    holds: ({ name, value }) => name === flowEntries || (positiveInt32.test(value) && Number(value) <= 2_147_483_647),
  },
  {
    rule: `self.name != '${flowEntries}' || self.value in [${flowTableSizes.map((size) => `'${size}'`).join(", ")}]`,
    message: "must be 0 or a power of two up to 536870912: the kernel rounds anything else up",
    messageExpression:
      "'\"' + self.value + '\" is not a value for ' + self.name + ': it must be 0 or a power of two up to 536870912," +
      " because the kernel rounds anything else up'",
    fieldPath: ".value",
    holds: ({ name, value }) => name !== flowEntries || flowTableSizes.includes(value),
  },
]);
