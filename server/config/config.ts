import type { AuthTokenConfig } from "./auth-token.ts";
import type { AutoCompaction } from "./auto-compaction.ts";
import type { Discovery } from "./discovery.ts";
import type { FeatureGates } from "./feature-gates.ts";
import type { InitialMember } from "./initial-cluster.ts";
import type { LogFormat, LogRotation } from "./log-settings.ts";
import type { ServerUrl } from "./server-url.ts";
import type { TlsVersion } from "./tls-version.ts";

/** The levels of a log line, least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"] as const;

/** The level of a log line. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** TLS on one side of the server: towards the clients, or towards the other members. */
export interface TlsConfig {
  /** What the server shows; always together with `keyFile`. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** What it shows when it is the caller; where absent, the same as above. */
  readonly clientCertFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  readonly trustedCaFile: string | undefined;
  /** Whether whoever connects has to show a certificate. */
  readonly clientCertAuth: boolean;
  /** Whether to make a certificate on the spot; never together with `certFile`. */
  readonly autoTls: boolean;
  /** Certificates that are not accepted although the authority vouches for them. */
  readonly crlFile: string | undefined;
  /** The only common names that the other side's certificate may have; empty: any. */
  readonly allowedCommonNames: readonly string[];
  /** Hosts, one of which the other side's certificate has to name; empty: any. */
  readonly allowedHostnames: readonly string[];
  /** Whether the names in a caller's certificate have to fit the address it calls from. */
  readonly checksCallerAddress: boolean;
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
  /** OpenSSL's names of the cipher suites to offer; empty: the runtime's choice. */
  readonly ciphers: readonly string[];
}

/** Everything a member is told at its start: checked, complete and frozen. */
export interface Config {
  readonly name: string;
  readonly dataDir: string;
  readonly walDir: string | undefined;
  /** Never wait for the disk: a power cut loses what was acknowledged. */
  readonly unsafeNoFsync: boolean;
  /** 0: never defragment at the start. */
  readonly bootstrapDefragThresholdMegabytes: number;
  readonly snapshotCount: number;
  readonly snapshotCatchupEntries: number;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly preVote: boolean;

  readonly listenPeerUrls: readonly ServerUrl[];
  readonly listenClientUrls: readonly ServerUrl[];
  /** Where absent, `listenClientUrls` serve HTTP too. */
  readonly listenClientHttpUrls: readonly ServerUrl[];
  readonly listenMetricsUrls: readonly ServerUrl[];
  readonly advertiseClientUrls: readonly ServerUrl[];
  readonly initialAdvertisePeerUrls: readonly ServerUrl[];

  readonly initialCluster: readonly InitialMember[];
  /** Whom to ask who the members of `initialCluster` are: until then it is this member alone. */
  readonly discovery: Discovery | undefined;
  readonly initialClusterState: "new" | "existing";
  readonly initialClusterToken: string;
  readonly strictReconfigCheck: boolean;
  /** Make a cluster of one out of what the data dir holds. */
  readonly forceNewCluster: boolean;
  readonly maxLearners: number;

  readonly clientTls: TlsConfig;
  readonly peerTls: TlsConfig;
  readonly selfSignedCertValidityYears: number;

  /** As given: 0 stands for the default of 2 GiB, a negative number for no limit. */
  readonly quotaBackendBytes: number;
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  readonly maxConcurrentStreams: number;
  readonly grpcKeepaliveMinTimeMs: number;
  readonly grpcKeepaliveIntervalMs: number;
  readonly grpcKeepaliveTimeoutMs: number;
  readonly enableGrpcGateway: boolean;
  /** Origins that browsers may call from; empty, or with `*`: any. */
  readonly cors: readonly string[];
  /** Host names that HTTP clients without TLS may ask for; empty, or with `*`: any. */
  readonly hostWhitelist: readonly string[];

  readonly autoCompaction: AutoCompaction;
  readonly compactionBatchLimit: number;
  readonly compactionSleepIntervalMs: number;
  readonly watchProgressNotifyIntervalMs: number;
  readonly corruptCheckTimeMs: number;
  readonly compactHashCheckTimeMs: number;
  readonly downgradeCheckTimeMs: number;
  readonly featureGates: FeatureGates;

  readonly authToken: AuthTokenConfig;
  readonly authTokenTtlSeconds: number;
  readonly bcryptCost: number;

  readonly metrics: "basic" | "extensive";
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** `stderr`, `stdout` or the path of a file. */
  readonly logOutputs: readonly string[];
  /** How the one file among the outputs is rotated. */
  readonly logRotation: LogRotation | undefined;
  readonly warningApplyDurationMs: number;
  readonly warningUnaryRequestDurationMs: number;
}
