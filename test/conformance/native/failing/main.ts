// A second program of dist/mqtap-conformance, which fails at once.

throw new RangeError("this program fails");
