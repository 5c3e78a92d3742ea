import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian's packages, each with a file that tells that it is there. */
const PACKAGES = {
  containerd: "containerd",
  runc: "runc",
  "containernetworking-plugins": "/usr/lib/cni/ptp",
  iproute2: "ip",
  iptables: "iptables",
  conntrack: "conntrack",
  openssl: "openssl",
  buildah: "buildah",
  mmdebstrap: "mmdebstrap",
} as const satisfies Readonly<Record<string, string>>;

/** Installs what is missing if we are root on Debian, else says which command to type. */
export function requirePackages(): void {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const command = `apt-get install --yes --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0) throw new Error(`Debian packages are missing; type: sudo ${command}`);
  if (!isThere("apt-get"))
    throw new Error(`there is no apt-get here: install what these Debian packages hold: ${missing.join(" ")}`);
  console.log(`installing Debian packages: ${missing.join(" ")}`);
  // A machine may never have fetched the lists, or long ago: then the first attempt fails.
  if (!apt(command)) {
    apt("apt-get update");
    if (!apt(command)) throw new Error(`that failed; see what this says: ${command}`);
  }
}

/** The Debian packages that a throwaway cluster needs and this machine lacks. */
export function missingPackages(): readonly string[] {
  return Object.entries(PACKAGES)
    .filter(([, file]) => !isThere(file))
    .map(([name]) => name);
}

function isThere(file: string): boolean {
  // Not in every user's PATH, but root's tools are there.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return file.startsWith("/") ? existsSync(file) : folders.some((folder) => existsSync(join(folder, file)));
}

function apt(command: string): boolean {
  const [program = "", ...args] = command.split(" ");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status } = spawnSync(program, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  return status === 0;
}
