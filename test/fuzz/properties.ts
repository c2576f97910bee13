// What must hold for every input: a parser gives a value of bounded size or throws its own error, and nothing else happens.

import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { parseEnvelope, parseNetConf, parseVersion } from "../../cni/config.ts";
import { parseEnvironment } from "../../cni/environment.ts";
import { CniError, errorCodes, formatError } from "../../cni/error.ts";
import { memberText } from "../../cni/json-span.ts";
import { toLink } from "../../cni/kernel/link.ts";
import { decodeAddress } from "../../cni/netlink/address-message.ts";
import { NetlinkFormatError } from "../../cni/netlink/attribute.ts";
import { formatIpAddress, formatIpPrefix, parseIpAddress, parseIpPrefix } from "../../cni/netlink/ip-text.ts";
import { decodeLink } from "../../cni/netlink/link-message.ts";
import { decodeAcknowledgement, decodeMessages } from "../../cni/netlink/message.ts";
import { decodeRoute } from "../../cni/netlink/route-message.ts";
import { decodeTunData } from "../../cni/netlink/tun-data.ts";
import { parsePodArguments } from "../../cni/pod-arguments.ts";
import { enforceIpamPolicy } from "../../cni/policy/ipam-policy.ts";
import { defaultPolicy, parsePolicy } from "../../cni/policy/policy.ts";
import { formatHandedOn, readPrevResult } from "../../cni/result.ts";
import { parseSizingAnswer, parseSizingRequest, SizingProtocolError } from "../../cni/sizing/protocol.ts";
import { formatAlias, parseAlias } from "../../cni/tap/alias.ts";
import { FakeNode } from "../fakes/fake-node.ts";
import { aliasTexts, argumentTexts, configurations, ipTexts, texts } from "./arbitraries.ts";
import { hookProperties } from "./hook-properties.ts";
import { datagrams, ipPayloads, linkPayloads } from "./netlink-arbitraries.ts";

/** What `parse` gives; undefined when it threw an error of this class. Any other is a defect. */
function parsedBy<T>(parse: () => T, ownError: new (...args: never[]) => Error): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ownError) return undefined;
    throw error;
  }
}

/** A message that says what is wrong does not repeat it all. */
const longestMessage = 2000;

function cniParsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    assert.notEqual(error.code, errorCodes.Internal);
    const document = formatError(error, "1.1.0");
    assert.ok(document.length <= longestMessage, `a message of ${document.length} characters`);
    return undefined;
  }
}

const decoder = new TextDecoder();
const decodeUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Every verb on the same input, on a node in memory: one document or nothing, nothing left open, no defect. */
function callEveryVerb(text: string, args: string): void {
  const node = new FakeNode();
  for (const command of ["ADD", "CHECK", "GC", "STATUS", "DEL"]) {
    const { stdout, exitStatus } = node.call(command, text, { CNI_ARGS: args });
    if (command === "ADD" && exitStatus === 1) assert.deepEqual(node.names(), ["lo"]);
    if (stdout !== "") assert.equal(stdout.indexOf("\n"), stdout.length - 1);
    if (exitStatus === 0) continue;
    const { code, msg } = JSON.parse(stdout);
    assert.notEqual(code, errorCodes.Internal, msg);
  }
}

export const properties: Readonly<Record<string, fc.IProperty<unknown[]>>> = {
  NetConf: fc.property(texts, (text) => {
    const envelope = cniParsed(() => parseEnvelope(text));
    if (envelope === undefined) return;
    const { document } = envelope;
    const version = cniParsed(() => parseVersion(document)) ?? "1.1.0";
    const conf = cniParsed(() => parseNetConf(document));
    if (conf !== undefined) {
      assert.ok(conf.queues === undefined || (conf.queues >= 1 && conf.queues <= 256));
      assert.ok(conf.mtuBytes === undefined || (conf.mtuBytes >= 68 && conf.mtuBytes <= 65_521));
    }
    const prev = cniParsed(() => readPrevResult(document, text));
    if (prev !== undefined) {
      assert.equal(JSON.stringify(JSON.parse(prev.text)), JSON.stringify(prev.object));
      cniParsed(() => JSON.parse(formatHandedOn(version, prev)));
    }
  }),
  policy: fc.property(texts, (text) => {
    const policy = cniParsed(() => parsePolicy(text, () => undefined));
    if (policy !== undefined) assert.deepEqual(Object.keys(policy), Object.keys(defaultPolicy));
    const document = cniParsed(() => parseEnvelope(text))?.document;
    if (document !== undefined) cniParsed(() => enforceIpamPolicy(defaultPolicy, { ipam: document, ...document }));
  }),
  "JSON spans": fc.property(texts, (text) => {
    const isJson = parsedBy(() => JSON.parse(text) !== undefined, SyntaxError);
    if (isJson !== true) return;
    const span = memberText(text, "prevResult");
    if (span !== undefined) JSON.parse(span);
  }),
  CNI_ARGS: fc.property(argumentTexts, (text) => {
    const pod = cniParsed(() => parsePodArguments(text));
    if (pod !== undefined) assert.deepEqual(Object.keys(pod), ["podNamespace", "podName", "podUid", "mac"]);
  }),
  environment: fc.property(fc.string({ unit: "binary", maxLength: 40 }), argumentTexts, (value, args) => {
    for (const variable of ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME", "CNI_NETNS", "CNI_PATH"]) {
      const usual = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0", CNI_NETNS: "/n", CNI_PATH: "/p" };
      cniParsed(() => parseEnvironment({ ...usual, CNI_ARGS: args, [variable]: value }));
    }
  }),
  "verbs, any configuration": fc.property(texts, argumentTexts, callEveryVerb),
  "verbs, sound envelope": fc.property(configurations, argumentTexts, callEveryVerb),
  "netlink datagrams": fc.property(datagrams, (datagram) => {
    const messages = parsedBy(() => decodeMessages(datagram), NetlinkFormatError) ?? [];
    for (const message of messages) {
      assert.ok(message.payload.length <= datagram.length);
      parsedBy(() => decodeAcknowledgement(message), NetlinkFormatError);
      parsedBy(() => toLink(decodeLink(message.payload, decodeUtf8)), NetlinkFormatError);
    }
  }),
  "netlink links": fc.property(linkPayloads, (payload) => {
    const link = parsedBy(() => decodeLink(payload, decodeUtf8), NetlinkFormatError);
    if (link !== undefined) assert.ok(link.name !== "" && link.name.length <= payload.length);
    parsedBy(() => decodeTunData(payload), NetlinkFormatError);
  }),
  "netlink addresses and routes": fc.property(ipPayloads, (payload) => {
    const address = parsedBy(() => decodeAddress(payload), NetlinkFormatError);
    const routes = parsedBy(() => decodeRoute(payload), NetlinkFormatError) ?? [];
    assert.ok(routes.length <= payload.length);
    for (const prefix of [
      ...(address === undefined ? [] : [address]),
      ...routes.map(({ destination }) => destination),
    ]) {
      assert.notEqual(parseIpPrefix(formatIpPrefix(prefix)), undefined);
    }
    for (const { gateway } of routes) if (gateway !== undefined) formatIpAddress(gateway);
  }),
  "IP addresses": fc.property(ipTexts, (text) => {
    const prefix = parseIpPrefix(text);
    if (prefix !== undefined) assert.deepEqual(parseIpPrefix(formatIpPrefix(prefix)), prefix);
    const address = parseIpAddress(text);
    assert.equal(address?.length ?? 0, { 0: 0, 4: 4, 6: 16 }[isIP(text.replace("%", "?"))]);
  }),
  "sizing answers": fc.property(texts, (text) => {
    const answer = parsedBy(() => parseSizingAnswer(text), SizingProtocolError);
    if (answer?.kind === "tap") assert.ok(answer.queues >= 1 && answer.queues <= 256);
  }),
  "sizing requests": fc.property(texts, (text) => {
    const request = parsedBy(() => parseSizingRequest(text), SizingProtocolError);
    if (request !== undefined) assert.match(request.attachmentId, /^[0-9a-f]{32}$/);
  }),
  alias: fc.property(aliasTexts, (text) => {
    const alias = parseAlias(text);
    if (alias !== undefined) assert.equal(formatAlias(alias), text);
  }),
  ...hookProperties,
};
