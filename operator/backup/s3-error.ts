import { StoreError, type StoreFault } from "./object-store.ts";

/** Whom an error is about. */
export interface S3Context {
  /** "bucket backups at https://s3.example.com". */
  readonly description: string;
  readonly doing: string;
}

interface Reading {
  readonly fault: StoreFault;
  /** What to do, after the colon. */
  readonly advice: string;
}

const RETRY: Reading = { fault: "Unavailable", advice: "it is tried again" };
const CREDENTIALS: Reading = { fault: "AccessDenied", advice: "check the keys in the store's Secret" };
const PERMISSIONS: Reading = {
  fault: "AccessDenied",
  advice: "allow it to the user whose keys are in the store's Secret",
};
const REGION: Reading = { fault: "Invalid", advice: "correct the store's region and endpoint" };
const BUCKET: Reading = { fault: "Invalid", advice: "create the bucket, or correct its name in the store" };
const ENDPOINT: Reading = { fault: "Invalid", advice: "correct the store's endpoint" };
const CERTIFICATE: Reading = { fault: "Invalid", advice: "the store's certificate must be from a known authority" };
const GONE: Reading = { fault: "NotFound", advice: "correct the key, or take another backup" };
const THERE: Reading = {
  fault: "AlreadyExists",
  advice: "backups are never overwritten: give the new one another name",
};
const FULL: Reading = { fault: "NoSpace", advice: "make room in the store" };

/** By S3's own error codes, which servers share, and by the names that the system and the SDK give. */
const BY_NAME: Readonly<Record<string, Reading>> = {
  NoSuchKey: GONE,
  NotFound: GONE,
  NoSuchVersion: GONE,
  PreconditionFailed: THERE,
  ConditionalRequestConflict: THERE,
  AccessDenied: PERMISSIONS,
  AllAccessDisabled: PERMISSIONS,
  Forbidden: PERMISSIONS,
  InvalidAccessKeyId: CREDENTIALS,
  SignatureDoesNotMatch: CREDENTIALS,
  NoSuchUser: CREDENTIALS,
  NoSuchAccessKey: CREDENTIALS,
  XAdminNoSuchUser: CREDENTIALS,
  XAdminUserNotFound: CREDENTIALS,
  ExpiredToken: CREDENTIALS,
  InvalidToken: CREDENTIALS,
  TokenRefreshRequired: CREDENTIALS,
  CredentialsProviderError: { fault: "AccessDenied", advice: "name a Secret with keys in the store" },
  RequestTimeTooSkewed: { fault: "Invalid", advice: "the clock of this node or of the store is wrong" },
  NoSuchBucket: BUCKET,
  InvalidBucketName: BUCKET,
  PermanentRedirect: REGION,
  TemporaryRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
  InvalidRegion: REGION,
  ERR_INVALID_URL: ENDPOINT,
  QuotaExceeded: FULL,
  InsufficientStorage: FULL,
  XMinioStorageFull: FULL,
  EntityTooLarge: FULL,
  SlowDown: RETRY,
  ServiceUnavailable: RETRY,
  InternalError: RETRY,
  RequestTimeout: RETRY,
  TimeoutError: RETRY,
  OperationAborted: RETRY,
  // Somebody cleaned up an upload under way; begun anew, it can end well.
  NoSuchUpload: RETRY,
  IncompleteBody: RETRY,
  BadDigest: RETRY,
  XAmzContentSHA256Mismatch: RETRY,
  ECONNREFUSED: RETRY,
  ECONNRESET: RETRY,
  ECONNABORTED: RETRY,
  EPIPE: RETRY,
  ETIMEDOUT: RETRY,
  EHOSTUNREACH: RETRY,
  ENETUNREACH: RETRY,
  EAI_AGAIN: RETRY,
  ENOTFOUND: { fault: "Unavailable", advice: "if it stays so, correct the store's endpoint" },
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  CERT_HAS_EXPIRED: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
  EPROTO: ENDPOINT,
  ERR_SSL_WRONG_VERSION_NUMBER: ENDPOINT,
};

/** For servers that give no code, as all do in the answer to HEAD. */
const BY_STATUS: Readonly<Record<number, Reading>> = {
  301: REGION,
  307: REGION,
  400: { fault: "Invalid", advice: "check the store's endpoint, region and bucket" },
  401: CREDENTIALS,
  403: { fault: "AccessDenied", advice: "check the keys in the store's Secret and what they allow" },
  // An object that is not there has a code; this may be any web server.
  404: { fault: "Invalid", advice: "check the store's endpoint, bucket and keys" },
  408: RETRY,
  412: THERE,
  429: RETRY,
  507: FULL,
};

/** What an error of the S3 client means. Errors that came from no server and no network are bugs and stay as they are. */
export function storeErrorOf(error: unknown, { description, doing }: S3Context): unknown {
  if (!(error instanceof Error)) return error;
  const { names, status } = signsOf(error);
  const named = names.find((name) => Object.hasOwn(BY_NAME, name));
  const reading = named === undefined ? readingOfStatus(status, names) : BY_NAME[named];
  if (!reading) return error;
  const why = named ?? (status === undefined ? error.name : `status ${String(status)}`);
  const said =
    error.message === "" || error.message === why || error.message === "UnknownError" ? "" : `: ${error.message}`;
  const sentence = `${description}: ${doing} failed (${why}${said}); ${reading.advice}`;
  return new StoreError(reading.fault, sentence, { cause: error });
}

function readingOfStatus(status: number | undefined, names: readonly string[]): Reading | undefined {
  if (status === undefined) return names.includes("AggregateError") ? RETRY : undefined;
  if (status >= 500) return BY_STATUS[status] ?? RETRY;
  return BY_STATUS[status] ?? { fault: "Unexpected", advice: "look at the store's log" };
}

/** The names that an error goes by, the most telling first, and the status of the answer if there was one. */
function signsOf(error: Error): { readonly names: readonly string[]; readonly status: number | undefined } {
  const { code, Code, $metadata } = error as {
    readonly code?: unknown;
    readonly Code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const inner = error.cause instanceof Error ? signsOf(error.cause).names : [];
  const names = [Code, code, error.name, ...inner].filter((name) => typeof name === "string");
  return { names, status: $metadata?.httpStatusCode };
}
