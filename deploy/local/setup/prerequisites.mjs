// What a machine must bring along: each missing thing is told in one line, with the command that installs it.
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { SetupError } from "./run.mjs";

const goVersion = "1.26.8";
const rustVersion = "1.95.0";

/** The toolchains, and how to ask for their versions. */
const toolchains = [
  {
    command: "go",
    args: ["env", "GOVERSION"],
    minimum: "1.26",
    install: `curl -fsSL https://go.dev/dl/go${goVersion}.linux-amd64.tar.gz | tar -C /usr/local -xz && export PATH="/usr/local/go/bin:$PATH"`,
  },
  {
    command: "rustc",
    args: ["--version"],
    minimum: "1.95",
    install: `curl -fsSL https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain ${rustVersion} && export PATH="$HOME/.cargo/bin:$PATH"`,
  },
  {
    command: "cargo",
    args: ["--version"],
    minimum: "1.95",
    install: `rustup toolchain install ${rustVersion} --profile minimal`,
  },
  { command: "gcc", args: ["-dumpfullversion"], minimum: "0", install: "apt-get install -y gcc libc6-dev" },
];

/** Checks that need no program to be started. `needsRoot` is why root is needed, if it is. */
export function checkMachine({ needsRoot, uid, platform, arch, command }) {
  if (platform !== "linux" || arch !== "x64") {
    throw new SetupError(`mqtap's build and tests run on Linux on x86-64; this is ${platform} on ${arch}`);
  }
  if (needsRoot !== undefined && uid !== 0) {
    throw new SetupError(`${needsRoot}, so root is needed: sudo ${command}`);
  }
}

/** The device that taps are made with. */
export function checkTunDevice() {
  if (!existsSync("/dev/net/tun"))
    throw new SetupError("there is no /dev/net/tun, taps are made with it: modprobe tun");
}

/** All toolchains that are missing or too old, told together. */
export function checkToolchains(env) {
  const faults = toolchains.flatMap(({ command, args, minimum, install }) => {
    const found = versionOf(command, args, env);
    if (found === undefined) return [`${command} is missing: ${install}`];
    return isAtLeast(found, minimum) ? [] : [`${command} is ${found}, needed is ${minimum} or later: ${install}`];
  });
  if (faults.length > 0) throw new SetupError(faults.join("\n"));
}

/** Whether dotted version `found` is not older than `minimum`. */
export function isAtLeast(found, minimum) {
  const [a, b] = [found, minimum].map((version) => version.split(".").map(Number));
  for (let i = 0; i < b.length; i += 1) {
    if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i];
  }
  return true;
}

/**
 * The environment for toolchains: HOME is set, /usr/local/go and the login home's ~/.cargo are searched last, and
 * rustup finds its toolchains even if HOME is another than the one it was installed in.
 */
export function toolchainEnvironment(env, loginHome = userInfo().homedir) {
  const path = [env.PATH, "/usr/local/go/bin", join(loginHome, ".cargo/bin")].filter(Boolean).join(delimiter);
  const home = env.HOME || loginHome;
  const rustupHome = env.RUSTUP_HOME ?? findRustupHome(path, home);
  return { ...env, HOME: home, PATH: path, ...(rustupHome === undefined ? {} : { RUSTUP_HOME: rustupHome }) };
}

// rustup's proxies are links to <home>/.cargo/bin/rustup, its toolchains lie in <home>/.rustup beside it
function findRustupHome(path, home) {
  if (existsSync(join(home, ".rustup"))) return;
  const cargo = findProgram("cargo", path);
  if (cargo === undefined) return;
  const rustupHome = join(dirname(realpathSync(cargo)), "../../.rustup");
  return existsSync(rustupHome) ? rustupHome : undefined;
}

/** The absolute path of a program, or undefined. */
export function findProgram(name, path = "") {
  return path
    .split(delimiter)
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function versionOf(command, args, env) {
  if (findProgram(command, env.PATH) === undefined) return;
  try {
    const said = execFileSync(command, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    return /\d+(?:\.\d+)*/.exec(said)?.[0] ?? "0";
  } catch (error) {
    const why = String(error.stderr ?? error.message).trim();
    throw new SetupError(`cannot run "${command} ${args.join(" ")}": ${why}`);
  }
}
