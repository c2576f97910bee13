import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ReflectedStore } from "./reflected-store.ts";

interface Thing {
  readonly key: string;
  readonly value: number;
}

function open() {
  /** What someone knows who only hears of changes. */
  const heard = new Map<string, Thing>();
  const store = new ReflectedStore<Thing>({
    parse(object) {
      const { value } = Object(object);
      if (value === "bad") {
        throw new TypeError("bad");
      }
      return value < 0 ? undefined : { key: `${Object(object).metadata.name}!`, value };
    },
    keyOf: ({ key }) => key,
    isSame: (a, b) => a.value === b.value,
    changed(key, change) {
      if (change.kind === "deleted") {
        assert.deepEqual(heard.get(key), change.object, "a deletion carries the last known object");
        heard.delete(key);
      } else {
        assert.deepEqual(heard.get(key), change.previous);
        heard.set(key, change.object);
      }
    },
    parseFailed: () => undefined,
  });
  return { store, heard };
}

const name = fc.constantFrom("a", "b", "c");
const object = fc.record({
  metadata: fc.record({ name }),
  value: fc.oneof(fc.integer({ min: -2, max: 3 }), fc.constant("bad")),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), object }),
  fc.record({ kind: fc.constant("remove" as const), name }),
  fc.record({
    kind: fc.constant("replace" as const),
    list: fc.uniqueArray(object, { selector: (o) => o.metadata.name }),
  }),
);

describe("ReflectedStore", () => {
  it("tells every change: whoever only listens knows what is stored", () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { store, heard } = open();
        for (const one of steps) {
          switch (one.kind) {
            case "set":
              store.set(store.project(one.object));
              break;
            case "remove":
              store.remove(`/${one.name}`);
              break;
            case "replace": {
              const before = new Set(store.objects.keys());
              store.replace(one.list.map((o) => store.project(o)));
              for (const { metadata, value } of one.list) {
                const key = `${metadata.name}!`;
                const expected = value === "bad" ? before.has(key) : Number(value) >= 0;
                assert.equal(store.objects.has(key), expected);
              }
              assert.ok(store.objects.size <= one.list.length);
              break;
            }
            default:
              one satisfies never;
          }
          assert.deepEqual(heard, new Map(store.objects));
        }
      }),
    );
  });
});
