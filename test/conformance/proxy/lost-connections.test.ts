import { expect, onTestFinished, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { startEtcd } from "../../support/etcd-binaries.ts";
import { bytes } from "../../support/etcd-client.ts";
import { TcpProxy, type ProxiedConnection } from "../../support/tcp-proxy.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { startProxy } from "./running-proxy.ts";
import { watchStream } from "./watched.ts";

test("watches, renewals and calls of our proxy outlive its connections to the cluster, and no event is lost or told twice", async () => {
  const member = await startEtcd(tempFolder());
  const connections = new Set<ProxiedConnection>();
  const wire = await TcpProxy.start(Number(new URL(member.endpoint).port), (connection) => connections.add(connection));
  onTestFinished(() => wire.stop());
  const { client } = await startProxy("kvorum", "grpc-proxy", [`127.0.0.1:${String(wire.port)}`]);
  const direct = new Client({ endpoints: [member.endpoint] });
  onTestFinished(() => direct.close());
  await client.lease.leaseGrant({ ID: 7n, TTL: 60n });
  const renewals = client.lease.leaseKeepAlive();
  const answers = renewals[Symbol.asyncIterator]();
  const [first, second] = [watchStream(client), watchStream(client)];
  for (const stream of [first, second]) {
    await stream.create({ key: bytes("k") });
    await stream.until({ responses: 1 });
  }
  const values: string[] = [];
  for (let round = 0; round < 4; round++) {
    for (let write = 0; write < 3; write++) {
      values.push(`${String(round)}.${String(write)}`);
      await direct.kv.put({ key: bytes("k"), value: bytes(values.at(-1)!) });
    }
    for (const connection of connections) connection.cut();
    connections.clear();
    await renewals.send({ ID: 7n });
    expect((await answers.next()).value).toMatchObject({ ID: 7n, TTL: 60n });
    await client.kv.range({ key: bytes("k") });
  }
  for (const stream of [first, second]) {
    await stream.until({ events: values.length });
    const told = JSON.stringify(stream.all()).match(/(?<="value":")\d\.\d/g);
    // The value before, which nobody has asked for, is not told.
    expect(told).toEqual(values);
  }
  renewals.cancel();
});
