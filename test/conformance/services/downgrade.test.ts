import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { RpcError } from "../../../server/rpc/status.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { waitUntil } from "../../support/wait-until.ts";

const [VALIDATE, ENABLE, CANCEL] = [0, 1, 2];

async function story(endpoint: string): Promise<readonly unknown[]> {
  const client = new Client({ endpoints: [endpoint] });
  const lines: unknown[] = [];
  const ask = async (action: number, version = ""): Promise<void> => {
    try {
      const answer = await client.maintenance.downgrade({ action, version });
      lines.push([action, version, answer.version, answer.header?.revision]);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      lines.push([action, version, error.code, error.message]);
    }
  };
  const clusterIs = (version: string) =>
    waitUntil(`the cluster speaks ${version}`, async () => {
      const said = (await (await fetch(`${endpoint}/version`)).json()) as { readonly etcdcluster: string };
      return said.etcdcluster === version ? true : undefined;
    });
  const status = async (): Promise<void> => {
    const { downgradeInfo } = await client.maintenance.status({});
    lines.push([downgradeInfo?.enabled, downgradeInfo?.targetVersion]);
  };
  await clusterIs("3.6.0");
  for (const version of [
    "3.5",
    "3.5.0",
    "3.5.7",
    "3.5.0-rc.1",
    "3.4.0",
    "3.6.0",
    "3.7.0",
    "2.5.0",
    "",
    "3",
    "v3.5",
    "3.5.x",
  ]) {
    await ask(VALIDATE, version);
  }
  await ask(7, "3.5.0");
  await ask(CANCEL);
  await ask(ENABLE, "3.4.0");
  await status();
  await ask(ENABLE, "3.5.0");
  await status();
  await ask(VALIDATE, "3.6.0");
  await clusterIs("3.5.0");
  await ask(VALIDATE, "3.4.0");
  await ask(ENABLE, "3.4.0");
  await ask(CANCEL);
  await status();
  await clusterIs("3.6.0");
  await ask(VALIDATE, "3.5.0");
  client.close();
  return lines;
}

test("a downgrade is validated, enabled and cancelled as etcd does it", async () => {
  const servers = await Promise.all([startEtcd(tempFolder()), startKvorum(tempFolder())]);
  const [theirs, ours] = await Promise.all(servers.map(({ endpoint }) => story(endpoint)));
  expect(ours).toEqual(theirs);
});
