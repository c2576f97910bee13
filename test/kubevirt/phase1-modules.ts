// Modules of Debian's kernel that KubeVirt's phase 1 needs, whatever the binding.

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
