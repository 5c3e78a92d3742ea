import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { Cluster } from "../../support/cluster.ts";
import { bytes } from "../../support/etcd-client.ts";
import { serverBinary } from "../../support/server-binary.ts";

const WRITES = 50;

/** Writes one after the other and kills the process; says how often the log was synced and what is there afterwards. */
async function writeAndKill(...flags: string[]): Promise<{ readonly syncs: number; readonly found: bigint }> {
  // -D: the tracer is the child, so that the server is who is killed.
  const trace = ["strace", "-D", "-f", "-y", "-e", "trace=fdatasync,fsync", "-o"];
  const cluster = await Cluster.create({
    binary: serverBinary("source"),
    size: 1,
    flags,
    wrapper: ({ folder }) => [...trace, `${folder}/trace`],
  });
  onTestFinished(() => cluster.destroy());
  const member = cluster.member(0);
  await cluster.start();
  for (let i = 0; i < WRITES; i++) await member.client.put(`key${String(i)}`, "value");
  await member.kill();
  const lines = readFileSync(`${member.folder}/trace`, "utf8").split("\n");
  const syncs = lines.filter((line) => line.includes("sync(") && line.includes("/member/wal/")).length;
  await cluster.start();
  const { count } = await member.client.range({ key: bytes("key"), rangeEnd: bytes("kez"), countOnly: true });
  return { syncs, found: count };
}

test("every write is synced; with --unsafe-no-fsync none is, and a killed process loses nothing all the same", async () => {
  const safe = await writeAndKill();
  expect(safe.found).toBe(BigInt(WRITES));
  expect(safe.syncs).toBeGreaterThanOrEqual(WRITES);
  const unsafe = await writeAndKill("--unsafe-no-fsync");
  expect(unsafe.found).toBe(BigInt(WRITES));
  expect(unsafe.syncs).toBe(0);
});
