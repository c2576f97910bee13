// SELinux labels as a configuration gives them: user:role:type, perhaps a level. Whether the node's policy knows one is the
// kernel's to say (security/selinux/ss/services.c).

/** Far more than any label has; the kernel takes a page. */
const longestLabel = 255;

/** What is wrong with the label, as "it …"; undefined when the kernel may be asked. */
export function selinuxLabelFault(label: string): string | undefined {
  if (!/^[!-~]+$/.test(label)) return "contains blanks or characters that are no ASCII";
  if (label.length > longestLabel) return `is longer than ${longestLabel} bytes`;
  return /^[^:]+:[^:]+:[^:]+(:.+)?$/.test(label) ? undefined : "has not the form user:role:type[:level]";
}
