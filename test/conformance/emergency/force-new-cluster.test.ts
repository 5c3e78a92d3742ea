import { expect, onTestFinished, test } from "vitest";
import { Cluster } from "../../support/cluster.ts";
import { run, etcdBinary, startKvorum } from "../../support/etcd-binaries.ts";
import { serverBinary } from "../../support/server-binary.ts";

test("of three members one goes on alone with all the data, and stays alone", async () => {
  // A cluster that has just been founded would refuse a member for its first seconds.
  const flags = ["--strict-reconfig-check=false"];
  const cluster = await Cluster.create({ binary: serverBinary("source"), size: 3, flags });
  onTestFinished(() => cluster.destroy());
  await cluster.start();
  const etcdctl = (...args: string[]): string =>
    run(etcdBinary("etcdctl"), ["--endpoints", cluster.endpointsFlag, ...args]);
  for (let i = 0; i < 20; i++) etcdctl("put", `key${String(i)}`, `value${String(i)}`);
  // There is a learner to forget, too.
  etcdctl("member", "add", "learner", "--learner", "--peer-urls=http://127.0.0.1:1");
  await Promise.all(cluster.members.map((member) => member.kill()));

  const { dataDir } = cluster.member(0);
  const alone = await startKvorum(dataDir, "--name", "m0", "--force-new-cluster");
  expect(alone.etcdctl("get", "key19", "--print-value-only")).toBe("value19\n");
  expect(alone.etcdctl("member", "list").trim().split("\n")).toHaveLength(1);
  alone.etcdctl("put", "after", "the end");
  await alone.stop();

  const again = await startKvorum(dataDir, "--name", "m0");
  expect(again.etcdctl("get", "", "--prefix", "--count-only", "--write-out=fields")).toContain('"Count" : 21');
  expect(again.etcdctl("member", "list").trim().split("\n")).toHaveLength(1);
});
