import assert from "node:assert/strict";
import { test } from "node:test";
import { attributeSpan } from "./attribute-span.ts";

const tags: Readonly<Record<string, string>> = {
  "double quotes": '<driver queues="8"/>',
  "single quotes": "<driver queues='8'/>",
  "another attribute before it": '<driver name="vhost" queues="8">',
  "another attribute behind it": '<driver queues="8" name="vhost">',
  "space around the sign": '<driver\n\tqueues \r\n= "8" >',
  "an attribute whose value looks like it": `<driver a=' queues="3"' queues="8">`,
  "an attribute whose name ends like it": '<driver rxqueues="3" x:queues="4" queues="8">',
  "a value with the end of a tag": '<driver a="/>" queues="8">',
};

for (const [title, tag] of Object.entries(tags)) {
  test(`attributeSpan() finds the value with ${title}`, () => {
    const before = "<ü>💥</ü>";
    const span = attributeSpan(before + tag, { tagStart: before.length, elementName: "driver", name: "queues" });
    assert.ok(span);
    assert.equal((before + tag).slice(span.start, span.end), "8");
    assert.match((before + tag)[span.start - 1] ?? "", /["']/);
  });
}

test("attributeSpan() does not look beyond the tag", () => {
  const tag = '<driver name="vhost"/><driver queues="8"/>';
  assert.equal(attributeSpan(tag, { tagStart: 0, elementName: "driver", name: "queues" }), undefined);
});
