import type { Command } from "commander";
import { parseInitialCluster } from "../config/initial-cluster.ts";
import type { Parsed } from "../config/parsed.ts";
import { parseServerUrls } from "../config/server-url.ts";
import { verifyBootstrap } from "../config/verify-bootstrap.ts";
import { openLeveldownStore } from "../host/leveldown-store.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { newClusterIdentity, type InitialCluster } from "../node/bootstrap.ts";
import { dataFolder } from "../node/data-folder.ts";
import { checkRestoreTarget, restoreSnapshot } from "../node/restore-snapshot.ts";
import { CommandError, ExitCode } from "./command-error.ts";
import { onlyArgument, parseCount, subcommand } from "./command-line.ts";
import { toolLog } from "./tool-log.ts";

interface RestoreFlags {
  readonly dataDir: string;
  readonly walDir: string;
  readonly name: string;
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: string;
  readonly skipHashCheck?: boolean;
  readonly bumpRevision: string;
  readonly markCompacted?: boolean;
  readonly initialMemoryMapSize: string;
}

/** `etcdutl snapshot restore`, with etcd's flags. */
export function addRestoreCommand(snapshot: Command): void {
  subcommand(snapshot, "restore")
    .description("make the data dir of a new cluster's member out of a snapshot file")
    .argument("[file]", "what 'etcdctl snapshot save' wrote, of etcd or of Kvorum")
    .option("--data-dir <folder>", "the data dir to make; empty: <name>.etcd", "")
    .option("--wal-dir <folder>", "where the write-ahead log goes if not into the data dir", "")
    .option("--name <name>", "this member's name in --initial-cluster", "default")
    .option(
      "--initial-cluster <name=url,…>",
      "all members of the new cluster: the same for each of them",
      "default=http://localhost:2380",
    )
    .option(
      "--initial-cluster-token <token>",
      "tells clusters apart: a new one makes sure that no old member is taken for a new one",
      "etcd-cluster",
    )
    .option("--initial-advertise-peer-urls <urls>", "this member's peer URLs", "http://localhost:2380")
    .option("--skip-hash-check", "take a file without a hash at its end, or with a wrong one")
    .option("--bump-revision <count>", "add this to the revision, so that watchers never see it go back", "0")
    .option("--mark-compacted", "count all up to the new revision as compacted; goes with --bump-revision")
    .option("--initial-memory-map-size <bytes>", "accepted without effect", "10737418240")
    .addHelpText(
      "after",
      `
Keys, revisions, leases, users and alarms come from the file, the members from --initial-cluster. To restore a cluster of
three, run this once for each member, with the same file, the same --initial-cluster and token, and its own --name and
--initial-advertise-peer-urls; then start all three with these flags.

The data dir appears by one rename after everything in it is on disk. If anything fails, nothing is left behind.

Clients that watched the old cluster should be told that history is gone: --bump-revision 1000000000 --mark-compacted
puts the revision beyond all that the old cluster can have reached, and lets their watches end with "compacted".`,
    )
    .action(async (_file: unknown, flags: RestoreFlags, command: Command) => {
      await restore(onlyArgument(command.args, "snapshot restore"), flags);
    });
}

async function restore(file: string, flags: RestoreFlags): Promise<void> {
  const bumpRevision = parseCount(flags.bumpRevision, "bump-revision");
  parseCount(flags.initialMemoryMapSize, "initial-memory-map-size");
  if (bumpRevision > 0 !== (flags.markCompacted ?? false)) {
    throw new CommandError("--mark-compacted required if --revision-bump > 0", ExitCode.badArguments);
  }
  const cluster = initialCluster(flags);
  const dataDir = flags.dataDir || `${flags.name}.etcd`;
  const folder = dataFolder(dataDir, flags.walDir || undefined);
  const hasOwnWalFolder = flags.walDir !== "";
  await checkRestoreTarget(nodeDisk, folder, hasOwnWalFolder);
  const size = await sizeOf(file);
  // So that the reason is said in etcd's words: it looks for the hash before it looks at anything else.
  if (size < 32) throw new CommandError(`seek ${file}: invalid argument`);
  const about = { path: file, "wal-dir": folder.wal, "data-dir": dataDir, "cluster-token": cluster.token };
  toolLog("info", "restoring snapshot", about);
  const skipHashCheck = flags.skipHashCheck ?? false;
  const target = { disk: nodeDisk, openStore: openLeveldownStore, folder, hasOwnWalFolder };
  await restoreSnapshot({ ...target, file, cluster, skipHashCheck, bumpRevision });
  tellMembers(cluster);
  toolLog("info", "restored snapshot", about);
}

/** Who the cluster's members are now, as etcd tells it. */
function tellMembers(cluster: InitialCluster): void {
  const { clusterId, peers } = newClusterIdentity(cluster);
  for (const { id, peerUrls, isLearner } of peers) {
    toolLog("info", "added member", {
      "cluster-id": clusterId.toString(16),
      "local-member-id": "0",
      "added-peer-id": id.toString(16),
      "added-peer-peer-urls": peerUrls,
      "added-peer-is-learner": isLearner,
    });
  }
}

function initialCluster(flags: RestoreFlags): InitialCluster {
  const initialAdvertisePeerUrls = accept(parseServerUrls(flags.initialAdvertisePeerUrls));
  const members = accept(parseInitialCluster(flags.initialCluster));
  const config = { name: flags.name, initialCluster: members, initialAdvertisePeerUrls };
  const refusal = verifyBootstrap({ ...config, initialClusterState: "new" });
  if (refusal !== undefined) throw new CommandError(refusal);
  return {
    selfName: flags.name,
    token: flags.initialClusterToken,
    members: members.map(({ name, peerUrls }) => ({ name, peerUrls: peerUrls.map(({ text }) => text) })),
  };
}

function accept<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new CommandError(parsed.reason);
}

async function sizeOf(path: string): Promise<number> {
  const file = await nodeDisk.open(path, "read");
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}
