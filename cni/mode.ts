// Which of the three things the plugin is, inferred from the configuration of an ADD (and only there: the alias keeps the
// answer, since late DELs carry no prevResult and CHECKs of main plugins do).

import type { NetConf } from "./config.ts";
import { CniError, errorCodes } from "./error.ts";
import type { TapMode } from "./tap/alias.ts";

/** @throws CniError 2 or 7 when the configuration cannot be meant for the mode it selects. */
export function resolveMode(conf: NetConf, hasPrevResult: boolean): TapMode {
  const mode = inferMode(conf, hasPrevResult);
  if (mode === "main") return mode;
  if (mode === "companion" && !hasPrevResult) {
    throw new CniError(
      errorCodes.InvalidNetworkConfig,
      'invalid "mode": "companion": no plugin ran before mqtap: put it after the one that makes the pod\'s interface',
    );
  }
  refuseMainFields(conf, mode);
  return mode;
}

function inferMode(conf: NetConf, hasPrevResult: boolean): TapMode {
  if (conf.logicNetworkName !== undefined) return "binding";
  if (conf.mode !== undefined) return conf.mode;
  return conf.sizing === "vm" && hasPrevResult ? "companion" : "main";
}

/** In a companion the agent and the pod's interface decide what these fields would. */
function refuseMainFields(conf: NetConf, mode: TapMode): void {
  const { owner, group, mtuBytes, bridge, selinuxContext, macs, ipamType } = conf;
  const fields = { owner, group, mtu: mtuBytes, bridge, selinuxContext, mac: macs.config, "ipam.type": ipamType };
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const advice = mode === "binding" ? "remove it" : 'remove it, or set "mode": "main"';
    throw new CniError(
      errorCodes.UnsupportedField,
      `unsupported field "${key}": ${JSON.stringify(value)}: here it comes from the pod's interface and the VM: ${advice}`,
    );
  }
}
