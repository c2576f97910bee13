import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AdoptUsageError, adoptSynopsis, adoptUsage, parseAdoptOptions } from "./options.ts";

const netns = ["--netns", "/run/netns/a"];

describe("parseAdoptOptions()", () => {
  it("reads names and queues, and looks once unless told to wait", () => {
    assert.deepEqual(parseAdoptOptions([...netns, "--tap", "tap0=4,tap5b1ab0c7d3e=256"]), {
      netns: "/run/netns/a",
      taps: [
        { name: "tap0", queues: 4 },
        { name: "tap5b1ab0c7d3e", queues: 256 },
      ],
      waitMs: undefined,
    });
  });

  it("waits ten minutes, or as long as it is told", () => {
    const waitMs = (...words: readonly string[]): unknown => {
      const options = parseAdoptOptions([...netns, "--tap=tap0=4", ...words]);
      return options === "help" ? options : options.waitMs;
    };
    assert.equal(waitMs("--wait"), 600_000);
    const times = { "500ms": 500, "30s": 30_000, "2m": 120_000, "24h": 86_400_000 };
    for (const [time, ms] of Object.entries(times)) assert.equal(waitMs("--wait", "--timeout", time), ms);
  });

  it("takes names alone where only the qdisc is asked for", () => {
    const options = parseAdoptOptions([...netns, "--noqueue-only", "--tap=tap0,tap1"]);
    assert.ok(options !== "help");
    assert.deepEqual(
      options.taps.map(({ name, queues }) => [name, queues]),
      [
        ["tap0", undefined],
        ["tap1", undefined],
      ],
    );
  });

  it("gives help when asked", () => {
    assert.equal(parseAdoptOptions(["-h"]), "help");
    assert.equal(parseAdoptOptions([...netns, "--help"]), "help");
    assert.ok(adoptUsage().startsWith(adoptSynopsis()));
  });

  const wrong: Readonly<Record<string, readonly string[]>> = {
    '"--netns" is missing': ["--tap=tap0=4"],
    '"--tap" is missing': netns,
    '"--netns" needs a value': ["--netns", "--wait", "--tap=tap0=4"],
    '"--tap" needs a value': [...netns, "--tap="],
    '"--wait" takes no value': [...netns, "--tap=tap0=4", "--wait=1"],
    '"--netns" is given twice': [...netns, ...netns],
    '"-h" is given twice': ["-h", "-h"],
    'unknown word "tap0=4"': [...netns, "tap0=4"],
    'unknown word "--all"': [...netns, "--all"],
    '"--timeout" is for "--wait"': [...netns, "--tap=tap0=4", "--timeout=1s"],
    '"--timeout" is "0s"': [...netns, "--tap=tap0=4", "--wait", "--timeout=0s"],
    '"--timeout" is "25h"': [...netns, "--tap=tap0=4", "--wait", "--timeout=25h"],
    '"--timeout" is "10"': [...netns, "--tap=tap0=4", "--wait", "--timeout=10"],
    'says "tap0": it must be a name and 1 to 256 queues': [...netns, "--tap=tap0"],
    'says "tap0=0"': [...netns, "--tap=tap0=0"],
    'says "tap0=257"': [...netns, "--tap=tap0=257"],
    'says "tap0=4=4"': [...netns, "--tap=tap0=4=4"],
    'names "tap0" twice': [...netns, "--tap=tap0=4,tap0=2"],
    'names "", which is empty': [...netns, "--tap=tap0=4,"],
    'names "a/b", which contains': [...netns, "--tap=a/b=4"],
    "names 257 taps": [...netns, `--tap=${Array.from({ length: 257 }, (_, at) => `t${at}=4`).join(",")}`],
    'with "--noqueue-only" it lists names alone': [...netns, "--noqueue-only", "--tap=tap0=4"],
  };
  for (const [says, words] of Object.entries(wrong)) {
    it(`refuses: ${says}`, () => {
      assert.throws(
        () => parseAdoptOptions(words),
        (error) => error instanceof AdoptUsageError && error.message.includes(says),
      );
    });
  }

  it("understands any words or says what is wrong with them", () => {
    const word = fc.oneof(
      fc.constantFrom("--netns", "--tap", "--wait", "--timeout", "--noqueue-only", "tap0=4", "--tap=a=1", "/x", "1s"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        try {
          const options = parseAdoptOptions(words);
          if (options !== "help") assert.ok(options.taps.length > 0 && options.netns !== "");
        } catch (error) {
          assert.ok(error instanceof AdoptUsageError, String(error));
        }
      }),
    );
  });
});
