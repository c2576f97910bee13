import assert from "node:assert/strict";
import { basename } from "node:path";
import { describe, it } from "node:test";
import { dependenciesOf, findKernel, modulesInOrder } from "./kernel.ts";

describe("modulesInOrder()", () => {
  const kernel = findKernel();
  const names = (...wanted: string[]) => modulesInOrder(kernel, wanted).map((path) => basename(path));

  it("puts what a module needs before it, and each once", () => {
    const order = names("bridge", "tun", "bridge", "stp");
    assert.deepEqual(new Set(order), new Set(["llc.ko", "stp.ko", "bridge.ko", "tun.ko"]));
    assert.equal(order.length, 4);
    assert.ok(order.indexOf("llc.ko") < order.indexOf("stp.ko"));
    assert.ok(order.indexOf("stp.ko") < order.indexOf("bridge.ko"));
  });

  it("leaves out what is built in, and takes a dash for an underscore", () => {
    assert.deepEqual(names("8250", "virtio-net").slice(-1), ["virtio_net.ko"]);
  });

  it("names a module that the kernel does not have", () => {
    assert.throws(() => names("flux_capacitor"), /cannot load module "flux_capacitor"/);
  });
});

it("dependenciesOf() reads the modules' own list", () => {
  const module = (depends: string) => Buffer.from(`\xff\0license=GPL\0depends=${depends}\0name=x\0`, "latin1");
  assert.deepEqual(dependenciesOf(module("stp,llc")), ["stp", "llc"]);
  assert.deepEqual(dependenciesOf(module("")), []);
  assert.deepEqual(dependenciesOf(Buffer.from("no module")), []);
});
