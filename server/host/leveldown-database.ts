import { createRequire } from "node:module";
import type { LevelDown } from "leveldown";
import { DiskError } from "../ports/disk-error.ts";

/**
 * The one place that loads leveldown. It is CommonJS whose typings speak of a default export that Node does
 * not see, hence `require`. Its prebuilt N-API binary needs no install script.
 */
const leveldown: (location: string) => LevelDown = createRequire(import.meta.url)("leveldown");

/** LevelDB's own settings. Compression is off by default: etcd stores values as they are, and so quota counts them. */
export interface DatabaseOptions {
  readonly cacheSize?: number;
  readonly writeBufferSize?: number;
  readonly maxFileSize?: number;
  readonly compression?: boolean;
}

/** Opens or creates a LevelDB; it holds an fcntl lock on its LOCK file until it is closed or the process ends. */
export async function openDatabase(location: string, options: DatabaseOptions): Promise<LevelDown> {
  const database = leveldown(location);
  await settle("open", location, (done) => database.open({ ...options }, done));
  return database;
}

/** Turns one callback of leveldown into a promise whose error names operation and folder. */
export function settle<T = unknown>(
  operation: string,
  location: string,
  run: (done: (error: Error | null | undefined, result?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, result) => {
      if (error) reject(new DiskError(operation, location, withCode(error)));
      else resolve(result as T);
    });
  });
}

/** LevelDB passes on the system's words without the short name by which others know what they mean. */
const CODES: readonly (readonly [text: string, code: string])[] = [
  ["No space left on device", "ENOSPC"],
  ["Disk quota exceeded", "EDQUOT"],
];

function withCode(error: Error): Error {
  const code = CODES.find(([text]) => error.message.includes(text))?.[1];
  return code === undefined ? error : Object.assign(error, { code });
}
