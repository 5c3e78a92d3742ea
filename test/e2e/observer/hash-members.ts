import type { Client } from "../../../server/client/client.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { MemberHash } from "./equal-data.ts";

const HASH_TIMEOUT_MS = 30_000;

/** A member to be asked. */
export interface NamedClient {
  readonly name: string;
  readonly client: Client;
}

/** HashKV of every member at the newest revision, once each of them has it. */
export async function hashMembers(members: readonly NamedClient[]): Promise<readonly MemberHash[]> {
  const revision = await waitUntil(
    "a linearizable read gives the newest revision",
    async () => {
      const request = { key: Buffer.of(0), countOnly: true };
      const answers = members.map(({ client }) => client.kv.range(request, { timeoutMs: 5000 }));
      return (await Promise.any(answers)).header?.revision;
    },
    { timeoutMs: HASH_TIMEOUT_MS, everyMs: 200 },
  );
  return Promise.all(members.map((member) => hashMember(member, revision)));
}

function hashMember({ name, client }: NamedClient, revision: bigint): Promise<MemberHash> {
  return waitUntil(
    `${name} hashes its data at revision ${String(revision)}`,
    async () => {
      const answer = await client.maintenance.hashKV({ revision }, { timeoutMs: HASH_TIMEOUT_MS });
      const { hash, compactRevision } = answer;
      return { member: name, revision: Number(revision), hash, compactRevision: Number(compactRevision) };
    },
    { timeoutMs: HASH_TIMEOUT_MS, everyMs: 200 },
  );
}
