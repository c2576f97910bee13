// What every Addressing does. The same cases run on FakeAddressing and, in namespaces made for them, on Linux over both
// Syscalls adapters.

import { type AddressingWorld, addressesOf, prefix, route, withTaps } from "./addressing-bed.ts";
import { routeCases } from "./addressing-routes.ts";
import { type Cases, failsWith, isEqual, isThere, isTrue, thrownBy } from "./expect.ts";

const addresses: Cases<AddressingWorld> = {
  "addAddress() adds addresses of both families, each to its link": withTaps(({ addressing, tap, other }) => {
    const given = ["10.9.0.5/24", "10.9.1.5/31", "10.9.2.5/32", "2001:db8::5/64", "2001:db8:1::5/128"];
    for (const text of given) addressing.addAddress(tap, prefix(text));
    addressing.addAddress(other, prefix("10.8.0.5/16"));
    isEqual(addressesOf(addressing, tap), [...given].sort());
    isEqual(addressesOf(addressing, other), ["10.8.0.5/16"]);
    isEqual(addressesOf(addressing, 12_345), []);
  }),
  "addAddress() adds more addresses than one answer of the kernel holds": withTaps(({ addressing, tap }) => {
    const given = Array.from({ length: 600 }, (_, at) => `2001:db8::${(at + 1).toString(16)}/64`);
    for (const text of given) addressing.addAddress(tap, prefix(text));
    isEqual(addressesOf(addressing, tap), given.sort());
  }),
  "addAddress() fails with EEXIST on an address that is there": withTaps(({ addressing, tap }) => {
    for (const text of ["10.9.0.5/24", "2001:db8::5/64"]) {
      addressing.addAddress(tap, prefix(text));
      isTrue(failsWith("EEXIST", () => addressing.addAddress(tap, prefix(text))).message.includes(text), "the address");
    }
    addressing.addAddress(tap, prefix("10.9.0.5/25"));
    failsWith("EEXIST", () => addressing.addAddress(tap, prefix("2001:db8::5/128")));
    isEqual(addressesOf(addressing, tap), ["10.9.0.5/24", "10.9.0.5/25", "2001:db8::5/64"]);
  }),
  "addAddress() fails with ENODEV where there is no such link": withTaps(({ addressing }) => {
    failsWith("ENODEV", () => addressing.addAddress(12_345, prefix("10.9.0.5/24")));
    failsWith("ENODEV", () => addressing.addAddress(12_345, prefix("2001:db8::5/64")));
  }),
  "addAddress() fails with EACCES where IPv6 is off, until enableIpv6()": withTaps(({ addressing, tap }, world) => {
    world.switchIpv6Off("tap0");
    failsWith("EACCES", () => addressing.addAddress(tap, prefix("2001:db8::5/64")));
    addressing.addAddress(tap, prefix("10.9.0.5/24"));
    addressing.enableIpv6("tap0");
    isEqual([world.isIpv6Off("lo"), world.isIpv6Off("tap0")], [false, false]);
    addressing.addAddress(tap, prefix("2001:db8::5/64"));
    addressing.enableIpv6("tap0");
    isEqual(addressesOf(addressing, tap), ["10.9.0.5/24", "2001:db8::5/64"]);
  }),
  "addresses go with their link": withTaps(({ namespace, addressing, tap }) => {
    addressing.addAddress(tap, prefix("10.9.0.5/24"));
    namespace.deleteLink(tap);
    isEqual(addressing.addresses(tap), []);
    isEqual(addressing.routes(tap), []);
  }),
};

const rest: Cases<AddressingWorld> = {
  "announceByArp() sets the link's arp_notify, twice if asked": withTaps(({ addressing }, world) => {
    isEqual(world.isAnnounced("tap0"), false);
    addressing.announceByArp("tap0");
    addressing.announceByArp("tap0");
    isEqual([world.isAnnounced("tap0"), world.isAnnounced("tap1")], [true, false]);
  }),
  "announceByArp() and enableIpv6() take a name with dots, and one that is not there": withTaps(
    ({ namespace, addressing }, world) => {
      using _tap = namespace.createTap("tap.0.1", false);
      world.switchIpv6Off("tap.0.1");
      for (const name of ["tap.0.1", "nobody"]) {
        addressing.announceByArp(name);
        addressing.enableIpv6(name);
      }
      isEqual([world.isAnnounced("tap.0.1"), world.isIpv6Off("tap.0.1")], [true, false]);
    },
  ),
  "announceByArp() and enableIpv6() refuse what is no name of a link": withTaps(({ addressing }, world) => {
    world.switchIpv6Off("tap0");
    for (const name of ["", ".", "..", "../lo", "tap0/../tap1", "a%d", "x".repeat(16), "a\0"]) {
      failsWith("EINVAL", () => addressing.announceByArp(name));
      failsWith("EINVAL", () => addressing.enableIpv6(name));
    }
    isEqual([world.isIpv6Off("lo"), world.isAnnounced("tap1")], [true, false]);
  }),
  "it works on its namespace wherever the thread is, and leaves it there": withTaps(({ addressing, tap }, world) => {
    const before = world.kernel.ownNamespaceIdentity();
    addressing.announceByArp("tap0");
    addressing.enableIpv6("tap0");
    addressing.addAddress(tap, prefix("10.9.0.5/24"));
    failsWith("EINVAL", () => addressing.announceByArp("../lo"));
    isEqual(world.kernel.ownNamespaceIdentity(), before);
  }),
  "enter() runs inside, gives back what the body does and refuses a promise": withTaps(({ namespace }, world) => {
    isEqual(
      namespace.enter(() => 7),
      7,
    );
    const promised: () => unknown = () => Promise.resolve(7);
    isTrue(thrownBy(() => namespace.enter(promised)) instanceof TypeError, "a TypeError");
    isTrue(world.kernel.ownNamespaceIdentity() !== namespace.identity, "the own namespace");
  }),
  "it is of no use after its disposal, and may be disposed of twice": (world) => {
    using namespace = isThere(world.kernel.openNamespace(world.namespacePath));
    const addressing = world.openAddressing(namespace);
    addressing[Symbol.dispose]();
    addressing[Symbol.dispose]();
    for (const use of [
      () => addressing.addresses(1),
      () => addressing.routes(1),
      () => addressing.addAddress(1, prefix("10.9.0.5/24")),
      () => addressing.addRoute(1, route("10.77.0.0/16")),
    ]) {
      isTrue(String(thrownBy(use)).includes("disposal"), "an error that names the disposal");
    }
  },
};

/** All of them, those with routes included. */
export const addressingCases: Cases<AddressingWorld> = { ...addresses, ...routeCases, ...rest };
