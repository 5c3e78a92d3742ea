import type { Command } from "commander";
import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import type { Config } from "../config/config.ts";
import { PermitKey } from "../host/permit-key.ts";
import { observeEventLoopDelay } from "../observability/event-loop-delay.ts";
import { prometheusMetrics } from "../observability/prometheus-metrics.ts";
import type { PermitTaker } from "../node/permit-refusal.ts";
import type { Logger } from "../ports/logger.ts";
import { authParts } from "./auth-parts.ts";
import { ClientHttp } from "./client-http.ts";
import { ClientPort } from "./client-port.ts";
import { CommandError } from "./command-error.ts";
import { parseCount, subcommand } from "./command-line.ts";
import { fatalHandler } from "./fatal.ts";
import { memberPeerHandler } from "./member-endpoints.ts";
import { memberConfig, peerUrlOf, type MemberPlace } from "./member-flags.ts";
import { memberLog } from "./member-log.ts";
import { memberHttpSources } from "./member-probes.ts";
import { MemberRun, type MemberStep } from "./member-run.ts";
import { identityAnswer } from "./member-standing.ts";
import { PeerPort } from "./peer-port.ts";
import { onShutdownSignal } from "./signals.ts";
import { tlsOf } from "./tls.ts";

interface MemberFlags {
  readonly clusterUid: string;
  readonly permitPublicKey: string;
  readonly peerHostSuffix: string;
  readonly dataDir: string;
  readonly podName?: string;
  readonly podUid?: string;
  readonly clientPort: string;
  readonly peerPort: string;
  readonly listenHost?: string;
}

/** What is supervised: a pod that may take permits, its configuration and the operator's key. */
interface SupervisedMember {
  readonly taker: PermitTaker;
  readonly config: Config;
  readonly key: PermitKey;
}

/** `kvorum member`: one member of a cluster that the operator runs. `onStep` is for tests that end the process there. */
export function addMemberCommand(program: Command, onStep: (step: MemberStep) => void = () => undefined): void {
  subcommand(program, "member")
    .description("run one member of a cluster that the operator looks after")
    .usage("[options] [-- etcd's flags]")
    .argument("[etcd-flags...]", "what the user sets beyond what follows from the pod")
    .requiredOption("--cluster-uid <uid>", "UID of the EtcdCluster that the pod belongs to")
    .requiredOption("--permit-public-key <base64>", "the operator's ed25519 key, 32 bytes")
    .requiredOption("--peer-host-suffix <suffix>", "a peer's host is POD.SUFFIX, such as x-peers.NAMESPACE.svc")
    .requiredOption("--data-dir <folder>", "where the volume is mounted")
    .option("--pod-name <name>", "default: $POD_NAME")
    .option("--pod-uid <uid>", "default: $POD_UID")
    .option("--client-port <port>", "for clients and probes", "2379")
    .option("--peer-port <port>", "for peers and the operator", "2380")
    .option("--listen-host <address>", "default: every address of the machine")
    .addHelpText(
      "after",
      `
With a volume that is this pod's the member serves at once. Otherwise it waits, alive and not ready, for a permit that the
operator signs for this pod: GET /kvorum/v1/identity on the peer port says for what, POST /kvorum/v1/permit takes it.

  kvorum member --cluster-uid $UID --permit-public-key $KEY --peer-host-suffix x-peers.default.svc \\
    --data-dir /var/lib/kvorum -- --quota-backend-bytes=8589934592`,
    )
    .action(async (_etcdFlags: unknown, flags: MemberFlags, command: Command) => {
      const place = placeOf(flags);
      const { config, warnings } = memberConfig(place, command.args);
      const key = PermitKey.parse(flags.permitPublicKey);
      if (!key) throw new CommandError("--permit-public-key is no ed25519 public key: 32 bytes in base64 are wanted");
      const podUid = given(flags.podUid ?? process.env["POD_UID"], "--pod-uid", "POD_UID");
      const taker = { clusterUid: place.clusterUid, podName: place.podName, podUid, peerUrl: peerUrlOf(place) };
      const logger = memberLog(config);
      for (const { message, fields } of warnings) logger.warn(message, fields);
      await superviseMember({ taker, config, key }, logger, onStep);
    });
}

/** Binds the ports, answers on them, and begins; resolves when the member serves or waits. */
async function superviseMember(
  { taker, config, key }: SupervisedMember,
  logger: Logger,
  onStep: (step: MemberStep) => void,
): Promise<void> {
  const onFatal = fatalHandler(logger);
  logger.info("starting a member under the operator", {
    "etcd-version": ETCD_VERSION,
    "kvorum-version": KVORUM_VERSION,
    "node-version": process.version,
    "cluster-uid": taker.clusterUid,
    "pod-name": taker.podName,
    "pod-uid": taker.podUid,
    "data-dir": config.dataDir,
  });
  try {
    const metrics = prometheusMetrics();
    observeEventLoopDelay(metrics);
    const clientPort = new ClientPort(config, logger);
    const peerPort = new PeerPort(config, logger);
    const { clientServer, peerServer, peerClient: peerTls } = await tlsOf(config, logger);
    const auth = await authParts(config, logger);
    await peerPort.listen(peerServer);
    await clientPort.listen(clientServer);
    // Nobody is answered before the volume has been looked at: the operator acts on what it is told.
    const sources = memberHttpSources(() => run.standing, metrics);
    const clientHttp = new ClientHttp({ config, logger, sources });
    const ports = { clientPort, clientHttp, peerTls };
    const run = await MemberRun.open({ taker, config, auth, logger, metrics, ...ports, onFatal, onStep });
    clientPort.startHttp(clientHttp);
    peerPort.start(
      memberPeerHandler({
        identity: () => identityAnswer(taker, run.standing),
        isSigned: (permit) => key.hasSigned(permit),
        offer: (permit) => run.offer(permit),
        raft: () => run.raft,
        onBug: onFatal,
      }),
    );
    onShutdownSignal(async (signal) => {
      logger.info("received signal; shutting down", { signal });
      await run.stop();
      peerPort.stop();
      // A pod that was told to stop and did has not failed.
      process.exit(0);
    });
    await run.begin();
  } catch (error) {
    onFatal(error);
  }
}

function placeOf(flags: MemberFlags): MemberPlace {
  const podName = given(flags.podName ?? process.env["POD_NAME"], "--pod-name", "POD_NAME");
  return {
    clusterUid: given(flags.clusterUid, "--cluster-uid"),
    podName: dnsName(podName, "--pod-name"),
    peerHostSuffix: dnsName(flags.peerHostSuffix, "--peer-host-suffix"),
    dataDir: given(flags.dataDir, "--data-dir"),
    clientPort: parsePort(flags.clientPort, "client-port"),
    peerPort: parsePort(flags.peerPort, "peer-port"),
    listenHost: flags.listenHost,
  };
}

function given(text: string | undefined, flag: string, variable?: string): string {
  if (text !== undefined && text !== "") return text;
  throw new CommandError(`${flag} is missing${variable === undefined ? "" : `, and $${variable} is not set`}`);
}

function dnsName(text: string, flag: string): string {
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text)) return text;
  throw new CommandError(`${flag} is ${JSON.stringify(text)}: it has to be a DNS name in lower case`);
}

function parsePort(text: string, flag: string): number {
  const port = parseCount(text, flag);
  if (port > 0 && port <= 65_535) return port;
  throw new CommandError(`--${flag} is ${text}: it has to be a port from 1 to 65535`);
}
