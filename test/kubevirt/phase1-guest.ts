// What a guest needs for KubeVirt's phase 1, whatever the binding.

/** Modules of Debian's kernel. */
export const phase1Modules = [
  "crc32c_generic",
  "tun",
  "bridge",
  "veth",
  "dummy",
  "nf_tables",
  "nft_chain_nat",
  "nft_nat",
  "nft_masq",
] as const;

/**
 * For a pod's namespace, before it has links. KubeVirt v1.9.0 gives up with "results may be incomplete or inconsistent" when the
 * kernel settles a link-local address while it lists addresses (NLM_F_DUMP_INTR), which on a slow guest happens.
 */
export const withoutIpv6 = "in_pod sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'";
