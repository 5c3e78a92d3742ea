import { bytes } from "./etcd-client.ts";
import type { ClusterMember } from "./cluster.ts";
import { waitUntil } from "./wait-until.ts";

/** What HashKV said, member by member, at one revision. */
export interface HashAgreement {
  readonly revision: bigint;
  readonly hashes: ReadonlyMap<string, string>;
  readonly isEqual: boolean;
}

/** Compares HashKV of all members at the newest revision, once each of them has it. */
export async function hashAgreement(members: readonly ClusterMember[], timeoutMs = 60_000): Promise<HashAgreement> {
  const options = { timeoutMs, everyMs: 100 };
  const revision = await waitUntil(
    "a linearizable read gives the newest revision",
    async () => {
      for (const member of members) {
        const response = await member.client.range({ key: bytes("\0"), countOnly: true }, 2000).catch(() => undefined);
        if (response?.header) return response.header.revision;
      }
      return undefined;
    },
    options,
  );
  const hashes = new Map<string, string>();
  for (const member of members) {
    const { hash, compactRevision } = await waitUntil(
      `${member.name} hashes revision ${String(revision)}`,
      () => member.client.hashKv(revision, 30_000),
      options,
    );
    hashes.set(member.name, `${String(hash)}@${String(compactRevision)}`);
  }
  return { revision, hashes, isEqual: new Set(hashes.values()).size === 1 };
}

/** `m0 123@-1, m1 123@-1` */
export function hashText({ revision, hashes }: HashAgreement): string {
  return `at revision ${String(revision)}: ${[...hashes].map(([name, hash]) => `${name} ${hash}`).join(", ")}`;
}
