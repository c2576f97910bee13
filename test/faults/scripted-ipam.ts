// An IPAM plugin in place of host-local where hundreds of calls need one: a shell that starts no other program to give addresses,
// which is several times faster. It keeps its reservations where host-local does, and refuses an attachment that has one.

import { mkdirSync, writeFileSync } from "node:fs";

/** The only directory of CNI_PATH. */
export const scriptedIpamDirectory = "/run/ipam";

const result = {
  cniVersion: "1.1.0",
  ips: [
    { address: "10.1.0.2/16", gateway: "10.1.0.1" },
    { address: "fd00:1::2/64", gateway: "fd00:1::1" },
  ],
  routes: [{ dst: "0.0.0.0/0" }],
};

const script = `#!/bin/sh
cd /var/lib/cni/networks/net || exit 2
case $CNI_COMMAND in
ADD)
  if [ -e 10.1.0.2 ]; then
    echo '{"code":999,"msg":"10.1.0.2 has been allocated, duplicate allocation is not allowed"}'
    exit 1
  fi
  echo "$CNI_CONTAINERID" > 10.1.0.2
  echo "$CNI_CONTAINERID" > fd00:1::2
  echo '${JSON.stringify(result)}' ;;
CHECK) [ -e 10.1.0.2 ] ;;
DEL) if [ -e 10.1.0.2 ]; then exec rm -f 10.1.0.2 fd00:1::2; fi ;;
esac
`;

/** Installs it as host-local, in a bed. */
export function installScriptedIpam(): void {
  mkdirSync("/var/lib/cni/networks/net", { recursive: true });
  mkdirSync(scriptedIpamDirectory, { recursive: true });
  writeFileSync(`${scriptedIpamDirectory}/host-local`, script, { mode: 0o755 });
}
