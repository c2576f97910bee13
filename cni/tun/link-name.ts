// Which names a link can have (dev_valid_name() of net/core/dev.c), and those that we ask the kernel for.

/** IFNAMSIZ of linux/if.h, with the ending NUL. */
export const IFNAMSIZ = 16;

/**
 * The UTF-8 bytes of `name`; undefined where no link can be named so. That includes names which the kernel takes as a
 * template for another one: the empty name, and `a%d`, which makes `a0`.
 */
export function linkNameBytes(name: string): readonly number[] | undefined {
  if (name === "." || name === ".." || /[/:%\s\0]/.test(name)) return undefined;
  const bytes = utf8Bytes(name);
  return bytes === undefined || bytes.length === 0 || bytes.length >= IFNAMSIZ ? undefined : bytes;
}

/** Undefined for a lone surrogate, which has no bytes. */
function utf8Bytes(text: string): readonly number[] | undefined {
  // Long texts are no names: do not convert a megabyte to find that out.
  if (text.length >= IFNAMSIZ || !text.isWellFormed()) return undefined;
  if (/^[!-~]*$/.test(text)) return Array.from(text, (character) => character.charCodeAt(0));
  return (encodeURIComponent(text).match(/%..|[^%]/g) ?? []).map((unit) =>
    unit.length === 3 ? Number.parseInt(unit.slice(1), 16) : unit.charCodeAt(0),
  );
}
