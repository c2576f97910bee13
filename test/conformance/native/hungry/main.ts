// A program of dist/mqtap-conformance with twice the usual memory, which takes all of it.

const kept: Uint8Array[] = [];
for (;;) kept.push(new Uint8Array(65_536).fill(1));
