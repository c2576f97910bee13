import assert from "node:assert/strict";
import { test } from "node:test";
import { selinuxLabelFault } from "./selinux-label.ts";

const labels: Record<string, { readonly label: string; readonly fault: RegExp | undefined }> = {
  "user, role and type": { label: "u:r:t", fault: undefined },
  "a level with categories": { label: "system_u:system_r:container_t:s0:c1,c2", fault: undefined },
  "a range of levels": { label: "system_u:system_r:spc_t:s0-s0:c0.c1023", fault: undefined },
  "255 bytes": { label: `u:r:${"t".repeat(251)}`, fault: undefined },
  "256 bytes": { label: `u:r:${"t".repeat(252)}`, fault: /longer than 255/ },
  nothing: { label: "", fault: /blanks/ },
  "a line feed at its end": { label: "u:r:t\n", fault: /blanks/ },
  "a blank": { label: "u:r:t s0", fault: /blanks/ },
  "a NUL": { label: "u:r:t\0", fault: /blanks/ },
  "an umlaut": { label: "u:r:tä", fault: /no ASCII/ },
  "two parts": { label: "u:r", fault: /form/ },
  "an empty user": { label: ":r:t", fault: /form/ },
  "an empty type": { label: "u:r:", fault: /form/ },
  "an empty level": { label: "u:r:t:", fault: /form/ },
};

for (const [title, { label, fault }] of Object.entries(labels)) {
  test(`selinuxLabelFault() ${fault === undefined ? "takes" : "refuses"} ${title}`, () => {
    const found = selinuxLabelFault(label);
    if (fault === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", fault);
  });
}
