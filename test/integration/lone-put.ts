import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KV } from "../../server/proto/gen/rpc_pb.js";
import { Cluster } from "../support/cluster.ts";
import { bytes } from "../support/etcd-client.ts";
import type { ServerBinary } from "../support/server-binary.ts";
import type { Verdicts } from "../support/verdicts.ts";

/** Where strace writes, in the member's folder. */
const TRACE = "trace";
const OLD_VALUE = "what-the-reply-carries";
const NEW_VALUE = "what-the-log-must-hold";

/**
 * A lone put under strace: its bytes go to a file of the log, that file is synced, and only then the reply leaves. The
 * put asks for the previous value, so that both the write and the reply have bytes to be known by.
 */
export async function lonePut(binary: ServerBinary, verdicts: Verdicts): Promise<void> {
  const cluster = await Cluster.create({
    binary,
    size: 1,
    wrapper: ({ folder }) =>
      [
        "strace -D -f -y -s 65536 -e trace=fdatasync,fsync,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg".split(
          " ",
        ),
        ["-o", join(folder, TRACE)],
      ].flat(),
  });
  try {
    await cluster.start();
    const { client, folder } = cluster.member(0);
    await client.put("lone", OLD_VALUE);
    await sleep(1000);
    await client.call(KV.method.put, { key: bytes("lone"), value: bytes(NEW_VALUE), prevKv: true });
    await sleep(200);
    await cluster.member(0).kill();
    judge(readFileSync(join(folder, TRACE), "latin1").split("\n"), verdicts);
  } finally {
    await cluster.destroy();
  }
}

const WAL_FILE = /<[^>]*\.wal>/;

function judge(lines: readonly string[], verdicts: Verdicts): void {
  const written = lines.findIndex((line) => line.includes(NEW_VALUE) && WAL_FILE.test(line));
  verdicts.check(written >= 0, "strace: a lone put is written to the log");
  const reply = lines.findIndex((line, at) => at > written && line.includes(OLD_VALUE) && /<socket:|<TCP/.test(line));
  verdicts.check(reply > written, "strace: the reply with the previous value is written to a socket, after the log");
  const synced = lines.findIndex((line, at) => at > written && isSyncBegun(line));
  const done = synced < 0 ? -1 : syncDone(lines, synced);
  verdicts.check(
    written >= 0 && done >= 0 && done < reply,
    "strace: fdatasync of the log returns between the write and the reply of a lone put",
  );
  if (done < 0 || done >= reply) console.log(lines.slice(Math.max(0, written), reply + 1).join("\n"));
}

function isSyncBegun(line: string): boolean {
  return /\bf(data)?sync\(/.test(line) && WAL_FILE.test(line);
}

/** Where the call returned: on its own line or, if another thread came between, on a later one of its thread. */
function syncDone(lines: readonly string[], begun: number): number {
  const line = lines[begun] ?? "";
  if (!line.includes("<unfinished ...>")) return line.endsWith("= 0") ? begun : -1;
  const thread = line.split(" ", 1)[0] ?? "";
  return lines.findIndex(
    (other, at) => at > begun && other.startsWith(`${thread} `) && /<\.\.\. f(data)?sync resumed>.*= 0$/.test(other),
  );
}
