import assert from "node:assert/strict";
import { test } from "node:test";
import { renderNotices } from "./notices.ts";

test("renderNotices() lists who is inside, and has each text once with all that it is of", () => {
  const mit = { name: "LICENSE", text: "permission is granted\n" };
  const notices = renderNotices("Software of others", [
    { name: "left", version: "1.0.0", purl: "pkg:npm/left@1.0.0", license: "MIT", texts: [mit] },
    {
      name: "right",
      version: "10.2.0",
      purl: "pkg:npm/right@10.2.0",
      texts: [
        { ...mit, name: "COPYING" },
        { name: "NOTICE", text: "by us" },
      ],
    },
  ]);
  const rule = "=".repeat(80);
  const wanted = [
    "Software of others",
    "",
    "  left 1.0.0    MIT",
    "  right 10.2.0  see below",
    "",
    rule,
    "left 1.0.0",
    "right 10.2.0",
    "(LICENSE, COPYING)",
    "",
    "permission is granted",
    "",
    rule,
    "right 10.2.0",
    "(NOTICE)",
    "",
    "by us",
    "",
  ];
  assert.equal(notices, wanted.join("\n"));
});
