/** A release line of etcd: what storage versions are told by. */
export interface MinorVersion {
  readonly major: number;
  readonly minor: number;
}

/** The first release whose storage says its version. */
export const STORAGE_VERSION_SINCE: MinorVersion = { major: 3, minor: 6 };

/** Whether `a` came before `b`. */
export function isBefore(a: MinorVersion, b: MinorVersion): boolean {
  return a.major < b.major || (a.major === b.major && a.minor < b.minor);
}

/** "3.6". */
export function minorText({ major, minor }: MinorVersion): string {
  return `${String(major)}.${String(minor)}`;
}

/** "3.6.0", as it is stored. */
export function storedText(version: MinorVersion): string {
  return `${minorText(version)}.0`;
}

/** Reads "3.6.0"; undefined for what is no version. */
export function parseStored(text: string): MinorVersion | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
