// What every Addressing does with routes.

import {
  type AddressingWorld,
  connected,
  hasRoutes,
  ip,
  link,
  localTable,
  mainTable,
  prefix,
  route,
  shown,
  universe,
  withTaps,
} from "./addressing-bed.ts";
import { type Cases, failsWith, isEqual, isTrue } from "./expect.ts";

/** Part of the addressing cases. */
export const routeCases: Cases<AddressingWorld> = {
  "routes() shows what the kernel makes for addresses, and no local routes": withTaps((bed) => {
    for (const text of ["10.9.0.5/24", "10.9.2.5/32", "2001:db8::5/64", "2001:db8:1::5/128"]) {
      bed.addressing.addAddress(bed.tap, prefix(text));
    }
    hasRoutes(bed, connected("10.9.0.0/24"), connected("2001:db8::/64"), connected("2001:db8:1::5/128"));
    isEqual(bed.addressing.routes(bed.other), []);
  }),
  "addRoute() adds default routes of both families": withTaps((bed) => {
    for (const text of ["10.9.0.5/24", "2001:db8::5/64"]) bed.addressing.addAddress(bed.tap, prefix(text));
    const given = { table: mainTable, scope: universe };
    const [first, second] = [{ gateway: ip("10.9.0.1") }, { gateway: ip("2001:db8::1") }];
    bed.addressing.addRoute(bed.tap, route("0.0.0.0/0", first));
    bed.addressing.addRoute(bed.tap, route("::/0", second));
    hasRoutes(
      bed,
      connected("10.9.0.0/24"),
      connected("2001:db8::/64"),
      route("0.0.0.0/0", { ...first, ...given }),
      route("::/0", { ...second, ...given, priority: 1024 }),
    );
  }),
  "addRoute() sets everything that it is asked to; routes() leaves the local table out": withTaps((bed) => {
    for (const text of ["10.9.0.5/24", "2001:db8::5/64"]) bed.addressing.addAddress(bed.tap, prefix(text));
    const all = { mtuBytes: 1400, advmss: 1300, priority: 77, scope: universe };
    const given = [
      route("10.77.0.0/16", { ...all, gateway: ip("10.9.0.7"), table: 500 }),
      route("10.78.0.0/16", { ...all, gateway: ip("10.9.0.7"), table: 100 }),
      route("10.79.0.0/16", { ...all, priority: 0xffff_ffff, table: 0xffff_ffff, scope: link }),
      route("10.80.0.0/16", { ...all, table: 100 }),
      route("2001:db8:77::/48", { ...all, gateway: ip("2001:db8::7"), table: 500 }),
      route("2001:db8:78::/48", { ...all, table: 100 }),
    ];
    for (const one of given) bed.addressing.addRoute(bed.tap, one);
    bed.addressing.addRoute(bed.tap, route("10.81.0.0/16", { table: localTable }));
    hasRoutes(bed, connected("10.9.0.0/24"), connected("2001:db8::/64"), ...given);
  }),
  "addRoute() without a gateway makes a route that others' gateways may be behind": withTaps((bed) => {
    bed.addressing.addAddress(bed.tap, prefix("10.9.0.5/32"));
    const gateway = ip("169.254.1.1");
    failsWith("ENETUNREACH", () => bed.addressing.addRoute(bed.tap, route("0.0.0.0/0", { gateway })));
    bed.addressing.addRoute(bed.tap, route("169.254.1.1/32"));
    bed.addressing.addRoute(bed.tap, route("0.0.0.0/0", { gateway }));
    const near = route("169.254.1.1/32", { table: mainTable, scope: link });
    hasRoutes(bed, near, route("0.0.0.0/0", { gateway, table: mainTable, scope: universe }));
  }),
  "addRoute() drops the bits beyond the prefix": withTaps((bed) => {
    bed.addressing.addRoute(bed.tap, route("10.77.5.3/16"));
    bed.addressing.addRoute(bed.tap, route("2001:db8::5/61"));
    const far = route("2001:db8::/61", { table: mainTable, scope: universe, priority: 1024 });
    hasRoutes(bed, route("10.77.0.0/16", { table: mainTable, scope: link }), far);
  }),
  "addRoute() takes a link-local gateway": withTaps((bed) => {
    bed.addressing.addAddress(bed.tap, prefix("2001:db8::5/64"));
    const gateway = ip("fe80::1234");
    bed.addressing.addRoute(bed.tap, route("::/0", { gateway }));
    const far = route("::/0", { gateway, table: mainTable, scope: universe, priority: 1024 });
    hasRoutes(bed, connected("2001:db8::/64"), far);
  }),
  "addRoute() fails with EEXIST on the same route alone": withTaps((bed) => {
    for (const text of ["10.9.0.5/24", "2001:db8::5/64"]) bed.addressing.addAddress(bed.tap, prefix(text));
    const first = [
      route("10.77.0.0/16", { gateway: ip("10.9.0.1") }),
      route("2001:db8:77::/48", { gateway: ip("2001:db8::1") }),
    ];
    const second = [
      route("10.77.0.0/16", { gateway: ip("10.9.0.2") }),
      route("2001:db8:77::/48", { gateway: ip("2001:db8::2") }),
    ];
    // The reference's configurations may name the network of the address once more.
    const near = route("10.9.0.0/24");
    for (const one of [...first, ...second, near]) {
      bed.addressing.addRoute(bed.tap, one);
      failsWith("EEXIST", () => bed.addressing.addRoute(bed.tap, one));
    }
    const made = [...first, ...second].map((one) => ({
      ...one,
      table: mainTable,
      scope: universe,
      priority: one.destination.address.length === 4 ? undefined : 1024,
    }));
    const nearMade = { ...near, table: mainTable, scope: link };
    hasRoutes(bed, connected("10.9.0.0/24"), connected("2001:db8::/64"), ...made, nearMade);
  }),
  "addRoute() fails where the gateway cannot be": withTaps(({ addressing, tap }) => {
    for (const text of ["10.9.0.5/24", "2001:db8::5/64"]) addressing.addAddress(tap, prefix(text));
    const before = addressing.routes(tap).map(shown);
    const refused: readonly (readonly [string, string, string])[] = [
      ["0.0.0.0/0", "10.10.0.1", "ENETUNREACH"],
      ["::/0", "2001:db8:9::1", "EHOSTUNREACH"],
      ["::/0", "2001:db8::5", "EINVAL"],
      ["0.0.0.0/0", "2001:db8::1", "EINVAL"],
    ];
    for (const [destination, gateway, code] of refused) {
      const error = failsWith(code, () => addressing.addRoute(tap, route(destination, { gateway: ip(gateway) })));
      isTrue(error.message.includes(destination), "the destination");
    }
    isEqual(addressing.routes(tap).map(shown), before);
  }),
  "addRoute() fails through a link that is down or gone": withTaps(({ addressing, other }) => {
    for (const destination of ["10.77.0.0/16", "2001:db8:77::/48"]) {
      failsWith("ENETDOWN", () => addressing.addRoute(other, route(destination)));
      failsWith("ENODEV", () => addressing.addRoute(12_345, route(destination)));
    }
  }),
};
