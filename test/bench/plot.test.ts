import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Plot, renderPlot } from "./plot.ts";

const plot: Plot = {
  title: "cost of ADD <by> 2 & more",
  yTitle: "CPU, ms",
  panels: [
    {
      title: "taps",
      curves: [
        { name: "mqtap", points: [0, 100, 400].map((x) => ({ x, y: 2 })) },
        { name: "tap", points: [0, 100, 400].map((x) => ({ x, y: 6 })) },
      ],
    },
    { title: "others", curves: [{ name: "mqtap", points: [{ x: 0, y: 8 }] }] },
  ],
};

/** Every `x y` of the curves' paths. */
function pathsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<path d="(M[^"]+)" fill="none"/g)].map(([, path = ""]) => path);
}

describe("renderPlot()", () => {
  test("draws equal values as a level line, and larger ones higher", () => {
    const [mqtap = "", tap = ""] = pathsOf(renderPlot(plot)).map((path) => path.replace(/[ML][\d.]+ /g, " ").trim());
    const levels = [mqtap, tap].map((path) => [...new Set(path.split(" "))]);
    assert.deepEqual(
      levels.map((level) => level.length),
      [1, 1],
    );
    assert.ok(Number(levels[1]?.[0]) < Number(levels[0]?.[0]), "y grows downwards in SVG");
  });

  test("begins the scale at 0 and ends it above the largest value, in four round steps", () => {
    const labels = [...renderPlot(plot).matchAll(/text-anchor="end">([^<]+)</g)].map(([, label]) => label);
    assert.deepEqual(labels, ["0", "2", "4", "6", "8"]);
  });

  test("shows title, units, panels, names and every x that was measured, as text of XML", () => {
    const svg = renderPlot(plot);
    for (const content of [
      "cost of ADD &lt;by&gt; 2 &amp; more",
      "CPU, ms",
      "taps",
      "others",
      "mqtap",
      "tap",
      "0",
      "100",
      "400",
    ]) {
      assert.ok(svg.includes(`>${content}</text>`), content);
    }
  });

  test("is small, the same each time, and has finite coordinates within its frame, whatever it draws", () => {
    // Measured ones: 0, or no less than a clock tells apart.
    const value = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));
    const points = fc.array(fc.record({ x: fc.nat(5000), y: value }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(points, { minLength: 1, maxLength: 2 }), (curves) => {
        const named = curves.map((list, i) => ({ name: `n${i}`, points: list.toSorted((a, b) => a.x - b.x) }));
        const random: Plot = { ...plot, panels: [{ title: "x", curves: named }] };
        const svg = renderPlot(random);
        assert.equal(svg, renderPlot(random));
        assert.ok(svg.length < 10_000);
        assert.doesNotMatch(svg, /NaN|Infinity/);
        const [, width = "", height = ""] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
        for (const [, x, y] of svg.matchAll(/<circle cx="([^"]+)" cy="([^"]+)"/g)) {
          assert.ok(Number(x) >= 0 && Number(x) <= Number(width) && Number(y) >= 0 && Number(y) <= Number(height));
        }
      }),
      { examples: [[[[{ x: 0, y: Number.MIN_VALUE }]]]] },
    );
  });
});
