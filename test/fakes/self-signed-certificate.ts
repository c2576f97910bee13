// A key and a certificate for 127.0.0.1, made when a test needs it: no openssl, nothing secret in the repository, nothing
// that expires. DER by hand after RFC 5280; the key is P-256.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** PEM files of a TLS server that trusts itself. */
export interface SelfSignedCertificate {
  readonly key: string;
  readonly cert: string;
}

const ecdsaWithSha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]; // 1.2.840.10045.4.3.2
const commonName = [0x55, 0x04, 0x03]; // 2.5.4.3
const basicConstraints = [0x55, 0x1d, 0x13]; // 2.5.29.19
const subjectAltName = [0x55, 0x1d, 0x11]; // 2.5.29.17

/** A fresh one. */
export function makeSelfSignedCertificate(): SelfSignedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = sequence(der(0x06, ecdsaWithSha256));
  const name = sequence(der(0x31, sequence(der(0x06, commonName), der(0x0c, Buffer.from("test server")))));
  const extensions = sequence(
    sequence(der(0x06, basicConstraints), der(0x01, [0xff]), der(0x04, sequence(der(0x01, [0xff])))),
    sequence(der(0x06, subjectAltName), der(0x04, sequence(der(0x87, [127, 0, 0, 1])))),
  );
  const body = sequence(
    der(0xa0, der(0x02, [2])), // version 3
    der(0x02, [0x01, ...randomBytes(8)]),
    algorithm,
    name,
    sequence(utcTime("200101000000Z"), utcTime("491231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, algorithm, der(0x03, [0, ...signature]));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
  };
}

function utcTime(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Iterable<number>): Buffer {
  const bytes = Buffer.from([...content]);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(bytes.length)]), bytes]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) {
    return [length];
  }
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
