// Input as an attacker, a broken tool or a careless hand would write it: near to what is right, and far from it.

import fc from "fast-check";

/** Keys that the plugin knows, in odd cases, and those that every JavaScript object has. */
const keys = fc.oneof(
  fc.constantFrom(
    ...["cniVersion", "name", "type", "sizing", "mode", "queues", "multiQueue", "maxQueues", "qdisc", "mtu", "mac"],
    ...["owner", "group", "bridge", "ipam", "dns", "args", "cni", "logicNetworkName", "runtimeConfig", "prevResult"],
    ...["selinuxContext", "interfaces", "ips", "routes", "sandbox", "nameservers", "MTU", "Queues", "PREVRESULT"],
    ...["cni.dev/valid-attachments", "cni.dev/attachments", "containerID", "ifname", "version", "kind", "why"],
    ...["queues", "tapName", "code", "podName", "podNamespace", "attachmentId", "network", "ifName"],
    ...["__proto__", "constructor", "toString", "hasOwnProperty", "then", "toJSON", "length", ""],
  ),
  fc.string({ maxLength: 12 }),
);

const scalars = fc.oneof(
  fc.constantFrom("static", "vm", "main", "companion", "noqueue", "default", "1.1.0", "0.4.0", "0.1.0", "net", "eth0"),
  fc.constantFrom("tap", "none", "retry", "refused", "02:00:00:00:00:01", "ff-ff-ff-ff-ff-ff", "virt-launcher-a-b", ""),
  fc.constantFrom("\0", "a%d", "\ud800", "\u2028", "../../etc", "x".repeat(3000), "💥", "-a", "tap0", "lo"),
  fc.constantFrom(0, 1, 2, 4, 256, 257, -1, 1.5, 2 ** 31, 2 ** 32 - 1, 2 ** 53, 1e308, -0, 65_521, 107, 110),
  fc.constantFrom(true, false, null),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.double(),
);

/** Values of any shape, four levels deep. */
const values = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small", maxDepth: 4 }, scalars, tie("array"), tie("object")),
  array: fc.array(tie("value"), { maxLength: 5 }),
  object: fc.array(fc.tuple(keys, tie("value")), { maxLength: 8 }).map((entries) => Object.fromEntries(entries)),
})).value;

/** Members in the order given, twice where they come twice: what JSON.stringify cannot write. */
function writeObject(members: readonly (readonly [string, unknown])[]): string {
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? "null"}`).join(",")}}`;
}

const members = fc.array(fc.tuple(keys, values), { maxLength: 14 });

/** An object of known and unknown keys, with doubles. */
const objectTexts = members.map(writeObject);

/** Bombs: deep, long, numbers beyond all bounds. Short enough to be tried often. */
export const bombs = fc.constantFrom(
  "[".repeat(20_000),
  `${"[".repeat(4000)}${"]".repeat(4000)}`,
  `{"name":"net","prevResult":${'{"a":'.repeat(3000)}1${"}".repeat(3000)}}`,
  `{"name":"net","mtu":1e999,"queues":-1e999}`,
  `{"name":"net","queues":${"9".repeat(5000)}}`,
  `{"name":"${"n".repeat(20_000)}"}`,
  `{"name":"net","mac":"${"00:".repeat(5000)}"}`,
  `{"name":"net","__proto__":{"mtu":1},"__proto__":{"queues":9},"constructor":{"prototype":{"bridge":"x"}}}`,
  `{${'"mtu":1400,'.repeat(2000)}"name":"net"}`,
);

/** Valid objects, damaged ones, bombs, and plain noise. */
export const texts = fc.oneof(
  { weight: 6, arbitrary: objectTexts },
  {
    weight: 3,
    arbitrary: fc
      .tuple(objectTexts, fc.nat(400), fc.string({ unit: "binary", maxLength: 3 }), fc.nat(3))
      .map(([text, at, inserted, removed]) => text.slice(0, at) + inserted + text.slice(at + removed)),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
  { weight: 1, arbitrary: bombs },
);

/** An envelope that every verb accepts, around the given text's members. */
export const configurations = fc
  .tuple(fc.constantFrom("1.1.0", "1.0.0", "0.4.0", "0.3.1", "0.2.0"), members)
  .map(([cniVersion, more]) => writeObject([...more, ["name", "net"], ["cniVersion", cniVersion]]));

/** CNI_ARGS. */
export const argumentTexts = fc.oneof(
  fc
    .array(
      fc.tuple(
        fc.constantFrom(
          "IgnoreUnknown",
          "K8S_POD_NAME",
          "K8S_POD_NAMESPACE",
          "K8S_POD_UID",
          "MAC",
          "IP",
          "__proto__",
          "",
        ),
        fc.oneof(
          fc.constantFrom("", "1", "true", "virt-launcher-a-b", "02:00:00:00:00:01"),
          fc.string({ maxLength: 20 }),
        ),
        fc.constantFrom("=", "=", "=", "", "=="),
      ),
      { maxLength: 8 },
    )
    .map((pairs) => pairs.map(([key, value, sign]) => `${key}${sign}${value}`).join(";")),
  fc.string({ unit: "binary", maxLength: 300 }),
);

/** Aliases near to ours. */
export const aliasTexts = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("mqtap/1", "mqtap/2", " mqtap/1"),
      fc.oneof(fc.constantFrom("4", "256", "257", "0", "04", "1e2"), fc.nat(999).map(String)),
      fc.constantFrom("main", "companion", "binding", "adopted", "constructor"),
      fc.stringMatching(/^[0-9a-g]{14,17}$/),
      fc.stringMatching(/^[0-9a-f]{31,33}$/),
      fc.constantFrom("", "\n", " ", "\0"),
    )
    .map(
      ([head, queues, mode, network, attachment, end]) =>
        `${head} q=${queues} m=${mode} n=${network} a=${attachment}${end}`,
    ),
  fc.string({ unit: "binary", maxLength: 100 }),
);

/** Texts near to IP addresses, some with a prefix. */
export const ipTexts = fc.oneof(
  fc
    .tuple(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc
          .array(fc.constantFrom("0", "db8", "10000", "", "1.2.3.4", "::"), { maxLength: 10 })
          .map((list) => list.join(":")),
        fc.array(fc.constantFrom("0", "1", "255", "256", "00", ""), { maxLength: 5 }).map((list) => list.join(".")),
      ),
      fc.constantFrom("", "", "/", "/0", "/24", "/32", "/33", "/064", "/128", "/129", "%lo", " ", "\n", "\0"),
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
);
