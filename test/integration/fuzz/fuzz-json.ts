import type { DescMethod } from "@bufbuild/protobuf";
import type { Random } from "../../../server/base/prng.ts";
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from "../../../server/proto/gen/rpc_pb.js";
import { PlainSender } from "./fuzz-http1.ts";
import { mutated } from "./mutate.ts";
import { sampleJson } from "./sample-message.ts";
import { inParallel, Tally } from "./tally.ts";

const WIDTH = 32;
const STREAM_MS = 30;
/** Methods by their path; those that anybody may use to change something are left to the other kinds. */
const PATHS: readonly (readonly [path: string, method: DescMethod])[] = [
  ["kv/range", KV.method.range],
  ["kv/put", KV.method.put],
  ["kv/deleterange", KV.method.deleteRange],
  ["kv/txn", KV.method.txn],
  ["kv/compaction", KV.method.compact],
  ["watch", Watch.method.watch],
  ["lease/revoke", Lease.method.leaseRevoke],
  ["lease/timetolive", Lease.method.leaseTimeToLive],
  ["lease/leases", Lease.method.leaseLeases],
  ["cluster/member/add", Cluster.method.memberAdd],
  ["cluster/member/remove", Cluster.method.memberRemove],
  ["cluster/member/update", Cluster.method.memberUpdate],
  ["cluster/member/list", Cluster.method.memberList],
  ["maintenance/status", Maintenance.method.status],
  ["maintenance/hashkv", Maintenance.method.hashKV],
  ["maintenance/transfer-leadership", Maintenance.method.moveLeader],
  ["maintenance/downgrade", Maintenance.method.downgrade],
  ["auth/enable", Auth.method.authEnable],
  ["auth/disable", Auth.method.authDisable],
  ["auth/user/add", Auth.method.userAdd],
  ["auth/user/delete", Auth.method.userDelete],
  ["auth/role/add", Auth.method.roleAdd],
  ["auth/role/grant", Auth.method.roleGrantPermission],
];
/** Texts that are put into the middle of one. */
const PIECES = [
  "[".repeat(5000),
  '{"a":'.repeat(2000),
  "1e999",
  '"\\ud800"',
  "\\u0000",
  "null",
  "true",
  "-",
  '"__proto__":{"a":1},',
  "9".repeat(400),
];

/** Posts JSON that is wrong in some way to the gateway. */
export async function fuzzJson(url: string, count: number, random: Random): Promise<Tally> {
  const tally = new Tally();
  const sender = new PlainSender(url, tally);
  await inParallel(count, WIDTH, async () => {
    const [path, method] = PATHS[random.below(PATHS.length)] ?? [];
    if (path === undefined || !method) return;
    const text = Buffer.from(JSON.stringify(sampleJson(method.input, random, 0)));
    const body = random.below(5) === 0 ? withPiece(text, random) : mutated(text, random);
    await sender.send(
      { method: "POST", path: `/v3/${path}`, body },
      method.methodKind === "unary" ? undefined : STREAM_MS,
    );
  });
  sender.close();
  return tally;
}

function withPiece(text: Buffer, random: Random): Buffer {
  const at = random.below(text.length + 1);
  const piece = Buffer.from(PIECES[random.below(PIECES.length)] ?? "");
  return Buffer.concat([text.subarray(0, at), piece, text.subarray(at)]);
}
