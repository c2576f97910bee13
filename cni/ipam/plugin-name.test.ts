import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pluginNameFault } from "./plugin-name.ts";

describe("pluginNameFault()", () => {
  for (const type of ["host-local", "static", "dhcp", "a.b", "..."]) {
    test(`has nothing against "${type}"`, () => assert.equal(pluginNameFault(type, "tap"), undefined));
  }

  const faults: Record<string, { type: string; fault: RegExp }> = {
    "a path upwards": { type: "../bin/sh", fault: /no file name/ },
    "an absolute path": { type: "/bin/sh", fault: /no file name/ },
    "a NUL, which would end the path": { type: "sh\0", fault: /no file name/ },
    "the directory itself": { type: ".", fault: /directory/ },
    "the directory above": { type: "..", fault: /directory/ },
    nothing: { type: "", fault: /empty/ },
    "the configuration's own type": { type: "tap", fault: /this plugin itself/ },
    "mqtap under whatever name it was called": { type: "mqtap", fault: /this plugin itself/ },
  };
  for (const [what, { type, fault }] of Object.entries(faults)) {
    test(`refuses ${what}`, () => assert.match(pluginNameFault(type, "tap") ?? "", fault));
  }
});
