// The name of an IPAM plugin. It becomes part of a path that root executes and comes from a configuration that tenants may
// write: CVE-2021-20206 was a type with "../" in it.

/** Why `type` names no plugin that `own` (the configuration's own type) may execute; undefined for a good one. */
export function pluginNameFault(type: string, own: string | undefined): string | undefined {
  if (type === "") return "is empty";
  if (type === "." || type === "..") return "is a directory's name";
  if (/[/\0]/.test(type)) return "is no file name";
  // It would be given this very configuration, and start the next one.
  return type === own || type === "mqtap" ? "is this plugin itself" : undefined;
}
