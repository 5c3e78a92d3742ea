import { existsSync } from "node:fs";
import { join } from "node:path";
import { etcdBinaries } from "../../tools/etcd-binaries.ts";
import { repositoryRoot } from "../../tools/repository-root.ts";

/** A server that a harness can start: the same code runs against ours and against real etcd. */
export interface ServerBinary {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** Whether it is Kvorum: what etcd has not (joint changes, Replace) can be asked of it. */
  readonly isKvorum: boolean;
}

/** What `--server` takes, for the help texts. */
export const SERVER_HELP = "kvorum (dist/bin/etcd, the default), source (Kvorum unbuilt), etcd (real 3.6), or a path";

/** The server that a command line names. */
export function serverBinary(name: string): ServerBinary {
  switch (name) {
    case "kvorum": {
      const built = join(repositoryRoot, "dist/bin/etcd");
      if (!existsSync(built)) throw new Error('dist/bin/etcd is missing: type "npm run build" first');
      return { name: "kvorum", command: [built], isKvorum: true };
    }
    case "source": {
      const main = join(repositoryRoot, "server/cli/etcd-main.ts");
      return { name: "kvorum", command: [process.execPath, "--no-warnings", main], isKvorum: true };
    }
    case "etcd":
      return { name: "etcd", command: [join(etcdBinaries(), "etcd")], isKvorum: false };
    default:
      return { name, command: [name], isKvorum: true };
  }
}
