// Domains as libvirt takes them, written in every way that XML allows, with NICs near to KubeVirt's; and pods with taps.

import fc from "fast-check";

interface Element {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly (Element | string)[];
}

/** How one document is written: the choices are taken in turn. */
type Style = readonly number[];

/** Markup is written as it stands, an element in the document's style. */
function write(root: Element, style: Style): string {
  let turn = 0;
  const choose = (...options: readonly string[]): string =>
    options[(style[turn++ % style.length] ?? 0) % options.length] ?? "";
  const attribute = ([name, value]: readonly [string, string]): string => {
    const quote = choose('"', '"', "'");
    return `${choose(" ", " ", "\n\t")}${name}${choose("=", "=", " = ")}${quote}${value}${quote}`;
  };
  const element = ({ name, attributes, children }: Element): string => {
    const start = `<${name}${attributes.map(attribute).join("")}${choose("", "", " ")}`;
    if (children.length === 0 && choose("", "", "/") === "/") return `${start}/>`;
    const inner = children.map((child) => choose("", "\n  ") + (typeof child === "string" ? child : element(child)));
    return `${start}>${inner.join("")}</${name}${choose("", "", "\n")}>`;
  };
  return choose("", '<?xml version="1.0"?>\n', "\ufeff", "<!-- queues='8' -->") + element(root) + choose("", "\n");
}

const tapNames = ["tap0", "tap16477688c0e", "tap1", "pod16477688c0e"];

const markup = fc.constantFrom(
  ...[
    "ü💥 ",
    "<!-- <driver queues='8'/> -->",
    "<![CDATA[<interface type='ethernet'>]]>",
    "<?a queues='8'?>",
    "<x></x>",
  ],
  ...['<qemu:driver queues="8"/>', "&amp;&#x1f4a5;&lt;", '<driver queues="8"></driver>', "<a b='>' c=\"'\"/>"],
);

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 12 });

function child(name: string, attribute: string, value: fc.Arbitrary<string>, others: readonly string[] = []) {
  const more = fc.subarray([...others]).map((names) => names.map((other) => [other, "8"] as const));
  return maybe(
    fc.tuple(value, more, fc.boolean()).map(([text, attributes, isFirst]): Element => {
      const own = [attribute, text] as const;
      return { name, attributes: isFirst ? [own, ...attributes] : [...attributes, own], children: [] };
    }),
  );
}

const often = (usual: readonly string[], odd: readonly string[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const nic = fc
  .tuple(
    fc.tuple(
      child("alias", "name", often(["ua-blue", "ua-default", "ua-x"], ["net0", "ua-", "ua-ü💥", ""]), ["x"]),
      child("model", "type", often(["virtio", "virtio-non-transitional", "virtio-transitional"], ["e1000", ""])),
      child("driver", "queues", often(["8", "4", "2", "256"], ["1", "0", "257", "many", "08", "&#56;", "-1"]), [
        "name",
        "rxqueues",
      ]),
      child("target", "dev", often(tapNames, ["", "placeholder-0", "../x", "a b", "gone"]), ["managed"]),
      maybe(fc.constant<Element>({ name: "driver", attributes: [["name", "vhost"]], children: [] })).map((second) =>
        second === undefined ? undefined : { ...second, name: "rom" },
      ),
    ),
    often(["ethernet"], ["vhostuser", "bridge", ""]),
    fc.array(markup, { maxLength: 2 }),
    fc.nat(4),
  )
  .map(([parts, type, noise, at]): Element => {
    const children = parts.filter((part) => part !== undefined);
    const turned = [...children.slice(at), ...noise, ...children.slice(0, at)];
    return { name: "interface", attributes: [["type", type]], children: turned };
  });

/** Whole documents, most of them with something to lower. */
export const domains = fc
  .tuple(
    fc.array(fc.oneof({ weight: 6, arbitrary: nic }, { weight: 1, arbitrary: markup }), { maxLength: 6 }),
    fc.array(markup, { maxLength: 3 }),
    fc.array(fc.nat(11), { minLength: 1, maxLength: 40 }),
  )
  .map(([devices, around, style]) =>
    write(
      {
        name: "domain",
        attributes: [["xmlns:qemu", "http://libvirt.org/schemas/domain/qemu/1.0"]],
        children: [...around, { name: "devices", attributes: [], children: devices }, ...around],
      },
      style,
    ),
  );

const soundPieces = [
  ...["<x></x>", "<y a='1'></y>", '<x a="1" b="2"></x>', '<x a="-->"></x>', "<x/>", " ", "\n\t", "ü💥", "&amp;"],
  ...["<z><x></x></z>", '<x a="&gt;"></x>', "<x> </x>", "</devices><y></y> <x></x><devices>"],
  '<interface type="ethernet"><x></x><alias name="ua-a"></alias><driver queues="8"></driver><model type="virtio"></model></interface>',
];
/** What folding could take for sound, and what it must stay away from. */
const nearPieces = ['<x a="1" a="1"></x>', '<x a="1" b="" a="1"></x>', "<x></y>", '<x a="--"></x>', "<!--", "-->"];
const brokenPieces = [
  ...["<z>", "</z>", '<z a="', '"', "'", "<!--", "-->", "<![CDATA[", "]]>", "<?p ", "?>", "&", "<", ">", "--"],
  ...["<x", "></x>", "\u0001", "</devices>"],
];

/** Pieces of documents in any order: what is well-formed and what is not lie close together. */
export const pieceDomains = fc
  .tuple(
    often(["", " "], ["<x></x>", "<!-- <x></x> -->", "\ufeff", "text", '<?xml version="1.0"?>']),
    fc.array(
      fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom(...soundPieces) },
        { weight: 2, arbitrary: fc.constantFrom(...nearPieces) },
        { weight: 1, arbitrary: fc.constantFrom(...brokenPieces) },
      ),
      { maxLength: 12 },
    ),
    often(["", "\n"], ["<x></x>", "<y></y> <x></x>", "text", "<!---->"]),
  )
  .map(([before, pieces, after]) => `${before}<domain><devices>${pieces.join("")}</devices></domain>${after}`);

/** Documents with a few characters changed, noise, and bombs. */
export const damagedDomains = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(domains, fc.nat(900), fc.string({ unit: "binary", maxLength: 3 }), fc.nat(3))
      .map(([text, at, inserted, removed]) => text.slice(0, at) + inserted + text.slice(at + removed)),
  },
  { weight: 2, arbitrary: fc.tuple(domains, fc.nat(900)).map(([text, length]) => text.slice(0, length)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
  { weight: 1, arbitrary: domains.map((text) => `<!DOCTYPE d [<!ENTITY a "8">]>${text.replaceAll('"8"', '"&a;"')}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("<a>".repeat(3000), "<a ".repeat(3000), "&".repeat(3000), "<!--".repeat(900)),
  },
);

export interface PodTap {
  readonly alias: string | undefined;
  readonly flags: string | undefined;
}

const aliases = often(
  ["mqtap/1 q=4 m=adopted", "mqtap/1 q=2 m=adopted", `mqtap/1 q=1 m=main n=${"0".repeat(16)} a=${"1".repeat(32)}`],
  ["mqtap/1 q=256 m=adopted", "mqtap/1 q=0 m=adopted", "mqtap/1 q=2 m=adopted ", "the pod's own", ""],
);

/** What lies in /sys/class/net for each of the taps' names. */
export const podTaps: fc.Arbitrary<ReadonlyMap<string, PodTap>> = fc
  .array(fc.record({ alias: maybe(aliases), flags: maybe(often(["0x1902", "0x5902"], ["0x2802", "x", ""])) }), {
    minLength: tapNames.length,
    maxLength: tapNames.length,
  })
  .map((taps) => new Map(taps.map((tap, index) => [tapNames[index] ?? "", tap])));
