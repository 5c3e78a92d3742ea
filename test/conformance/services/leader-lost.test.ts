import { expect, onTestFinished, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { Cluster } from "../../support/cluster.ts";
import { bytes } from "../../support/etcd-client.ts";
import { serverBinary } from "../../support/server-binary.ts";

const WITH_LEADER = { metadata: { hasleader: "true" } };

/** How streams that asked for a leader end when two of three members are gone: code and text. */
async function endings(server: "source" | "etcd"): Promise<Readonly<Record<string, unknown>>> {
  // With etcd's own timeouts: with shorter ones a busy machine loses its leader before the test takes it away.
  const cluster = await Cluster.create({ binary: serverBinary(server), size: 3 });
  onTestFinished(() => cluster.destroy());
  await cluster.start();
  const client = new Client({ endpoints: [cluster.member(0).clientUrl] });
  onTestFinished(() => client.close());
  const { ID } = await client.lease.leaseGrant({ TTL: 60n });
  await client.election.campaign({ name: bytes("vote"), lease: ID, value: bytes("me") });

  const keepAlive = client.lease.leaseKeepAlive(WITH_LEADER);
  await keepAlive.send({ ID });
  const observe = client.election.observe({ name: bytes("vote") }, WITH_LEADER);
  const watch = client.watch.watch(WITH_LEADER);
  await watch.send({ requestUnion: { case: "createRequest", value: { key: bytes("key") } } });
  const streams = { keepAlive, observe, watch };
  const begun: Promise<unknown>[] = [];
  const ended = Object.entries(streams).map(async ([name, stream]) => {
    const first = Promise.withResolvers<void>();
    begun.push(first.promise);
    try {
      for await (const message of stream) {
        void message;
        first.resolve();
      }
      return [name, "ended"] as const;
    } catch (error) {
      const { code, message } = error as { readonly code?: number; readonly message: string };
      return [name, { code, message }] as const;
    }
  });
  await Promise.all(begun);
  await Promise.all([cluster.member(1).kill(), cluster.member(2).kill()]);
  return Object.fromEntries(await Promise.all(ended));
}

test("streams that asked for a leader end without one, as etcd's do", async () => {
  const [ours, theirs] = await Promise.all([endings("source"), endings("etcd")]);
  expect(ours).toEqual(theirs);
  const noLeader = { code: 14, message: "etcdserver: no leader" };
  expect(ours).toEqual({ keepAlive: noLeader, observe: noLeader, watch: noLeader });
});
