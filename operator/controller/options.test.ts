import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseFlags, UsageError } from "./options.ts";

const host = { hostname: "node-a", pid: 7 };

describe("parseFlags()", () => {
  test("has defaults for everything", () => {
    assert.deepEqual(parseFlags([], host), {
      kubeconfig: undefined,
      namespace: "mqtap-system",
      identity: "node-a_7",
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      healthPort: undefined,
      healthHost: "127.0.0.1",
      logLevel: "info",
    });
  });

  test("takes what is given", () => {
    const flags = parseFlags(["--kubeconfig=/k", "--identity", "c-0", "--retry-period=500ms", "--health-port=0"], host);
    assert.ok(flags !== "help");
    assert.deepEqual([flags.kubeconfig, flags.identity, flags.retryPeriodMs, flags.healthPort], ["/k", "c-0", 500, 0]);
  });

  test("knows --help", () => assert.equal(parseFlags(["--help"], host), "help"));

  const nonsense: Readonly<Record<string, { readonly args: string[]; readonly says: RegExp }>> = {
    "an unknown flag": { args: ["--nonsense"], says: /cannot read the flags: .*--nonsense/ },
    "a word that is no flag": { args: ["start"], says: /cannot read the flags: .*start/ },
    "a flag without its value": { args: ["--kubeconfig"], says: /--kubeconfig/ },
    "a duration without a unit": { args: ["--lease-duration=15"], says: /--lease-duration "15".*such as 500ms, 15s/ },
    "a duration of nothing": { args: ["--retry-period=0s"], says: /must be a duration above 0/ },
    "a port that is none": { args: ["--health-port=65536"], says: /must be a port, 0 to 65535/ },
    "a port in other words": { args: ["--health-port=http"], says: /--health-port "http"/ },
    "a level that is none": { args: ["--log-level=loud"], says: /one of debug, info, warn, error/ },
    "an empty name": { args: ["--identity="], says: /empty --namespace or --identity/ },
  };
  for (const [sentence, { args, says }] of Object.entries(nonsense)) {
    test(`refuses ${sentence}, and says how it should be`, () => {
      assert.throws(
        () => parseFlags(args, host),
        (error) => error instanceof UsageError && says.test(error.message),
      );
    });
  }
});
