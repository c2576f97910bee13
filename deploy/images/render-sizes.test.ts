import assert from "node:assert/strict";
import { test } from "node:test";
import { renderSizes } from "./render-sizes.ts";

test("renderSizes() gives a line an image", () => {
  const images = [
    { name: "mqtap-controller", digest: "sha256:aa", archiveBytes: 45_766_656, fileBytes: 123_900_000 },
    { name: "mqtap-hook", digest: "sha256:bb", archiveBytes: 9_655_296, fileBytes: 27_200_000 },
  ];
  const wanted = [
    "mqtap-controller    45.8 MB packed   123.9 MB unpacked  sha256:aa",
    "mqtap-hook           9.7 MB packed    27.2 MB unpacked  sha256:bb",
    "",
  ];
  assert.equal(renderSizes(images), wanted.join("\n"));
});
