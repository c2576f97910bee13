// The images' programs, run in nothing but the image: its root read-only, as the image's user, no /proc, no environment to speak of.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { enterImage, imageUser } from "./enter-image.ts";
import { archiveOf, openImage, unpackImage } from "./open-image.ts";

const scratch = mkdtempSync(join(tmpdir(), "mqtap-images-"));
after(() => rmSync(scratch, { recursive: true }));
const nobody = "65532:65532";

function unpacked(name: string) {
  const root = join(scratch, name);
  mkdirSync(root);
  unpackImage(archiveOf(name), root);
  const image = openImage(archiveOf(name));
  const entrypoint: readonly string[] = Object(image.config)["Entrypoint"];
  return {
    root,
    entrypoint,
    user: imageUser(image),
    run: (argv: readonly string[], { user = imageUser(image), env = {} } = {}) => enterImage({ root, user, argv, env }),
  };
}

describe("mqtap-controller", () => {
  const image = unpacked("mqtap-controller");

  test("starts and says what it takes", async () => {
    const { status, stdout, stderr } = await image.run([...image.entrypoint, "--help"]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.match(stdout, /^mqtap controller: /);
    assert.equal(image.user, nobody);
  });

  test("cannot write anywhere", async () => {
    const program = 'try { fs.writeFileSync("/app/x", ""); } catch (error) { console.log(error.code); }';
    const { stdout } = await image.run(["/usr/bin/node", "-e", program], { user: "0:0" });
    assert.equal(stdout, "EROFS\n");
  });

  test("resolves names by /etc/hosts, which kubelet puts there", async () => {
    mkdirSync(join(image.root, "etc"));
    writeFileSync(join(image.root, "etc/hosts"), "192.0.2.7 kube.example\n");
    const program = 'dns.lookup("kube.example", (error, address) => console.log(error?.code ?? address))';
    const { stdout } = await image.run(["/usr/bin/node", "-e", program]);
    assert.equal(stdout, "192.0.2.7\n");
  });
});

describe("mqtap-agent", () => {
  const image = unpacked("mqtap-agent");

  for (const user of [nobody, "0:0"]) {
    test(`starts as ${user} and says what it takes`, async () => {
      const { status, stdout, stderr } = await image.run([...image.entrypoint, "--help"], { user });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
      assert.match(stdout, /^mqtap agent: /);
    });
  }

  test("holds the plugin, which answers VERSION", async () => {
    const { status, stdout } = await image.run(["/app/mqtap"], { user: nobody, env: { CNI_COMMAND: "VERSION" } });
    assert.equal(status, 0);
    assert.ok(JSON.parse(stdout).supportedVersions.includes("1.1.0"));
  });
});

describe("mqtap-hook", () => {
  const image = unpacked("mqtap-hook");

  test("starts KubeVirt's shim, which says what it takes", async () => {
    const [shim = ""] = image.entrypoint;
    const { status, stderr } = await image.run([shim, "--help"]);
    assert.equal(status, 0);
    assert.match(stderr, /^Usage of \/sidecar-shim:/);
    assert.equal(image.user, "107:107");
  });

  test("holds the hook where the shim looks for it", async () => {
    const { status, stderr } = await image.run(["/usr/bin/onDefineDomain"]);
    assert.equal(status, 1);
    assert.match(stderr, /run it with --vmi JSON --domain XML/);
  });
});
