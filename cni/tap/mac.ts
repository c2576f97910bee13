// MAC addresses as people write them (colons, hyphens or Cisco's dots, any case), in the kernel's lower-case form.

/** The address as `02:00:00:00:00:01`; undefined when `text` is none. */
export function normalizeMac(text: string): string | undefined {
  const isKnownForm =
    /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ||
    /^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/i.test(text) ||
    /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(text);
  if (!isKnownForm) return undefined;
  return text
    .toLowerCase()
    .replace(/[^0-9a-f]/g, "")
    .replace(/..(?!$)/g, "$&:");
}

/** Why no link may have this (normalized) address. */
export function macFault(mac: string): string | undefined {
  if (mac === "00:00:00:00:00:00") return "is all zero";
  return Number.parseInt(mac.slice(0, 2), 16) % 2 === 1 ? "is a multicast address" : undefined;
}
