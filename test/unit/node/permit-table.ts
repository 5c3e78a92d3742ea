import type { OwnerFile } from "../../../server/node/owner-file.ts";
import type { JoinPermit, Permit } from "../../../server/node/permit.ts";
import type { RestoredMarker } from "../../../server/node/restored-marker.ts";
import type { VolumeContents, VolumeFile } from "../../../server/node/volume.ts";

/** The pod that all judgements are about, and members that it may have to do with. */
export const TAKER = { clusterUid: "u", podName: "x-0", podUid: "p1", peerUrl: "http://x-0.x-peers:2380" };
export const RAN_HERE = { selfId: 0xan, clusterId: 0xcn };
const OTHER = { name: "x-1", peerUrls: ["http://x-1.x-peers:2380"] };
const OWN = { name: "x-0", peerUrls: [TAKER.peerUrl] };

/** When the permits are offered: at once. */
export const NOW_MS = Date.UTC(2026, 0, 1);

const COMMON = { clusterUid: "u", podName: "x-0", podUid: "p1", token: "u", issuedAt: "2026-01-01T00:00:00Z" };
export const NEW: Permit = { ...COMMON, mode: "New", initialCluster: [OWN] };
const RESTORE: Permit = { ...COMMON, mode: "Restore", initialCluster: [OWN] };
export const JOIN: JoinPermit = {
  ...COMMON,
  mode: "Join",
  initialCluster: [OTHER, OWN],
  memberId: 0xbn,
  etcdClusterId: 0xcn,
};

/** Permits by what they would make of the pod. */
export const PERMITS: Readonly<Record<string, Permit>> = {
  New: NEW,
  Join: JOIN,
  JoinOldId: { ...JOIN, memberId: RAN_HERE.selfId },
  JoinElsewhere: { ...JOIN, etcdClusterId: 0xdn },
  Restore: RESTORE,
};

/** The permit that started the member which ran here. */
export const USED: Permit = { ...JOIN, memberId: RAN_HERE.selfId, issuedAt: "2025-01-01T00:00:00Z" };

const owner = (content: OwnerFile): VolumeFile<OwnerFile> => ({ kind: "present", content });

/** Owner files, as one finds them. */
export const OWNERS: Readonly<Record<string, VolumeFile<OwnerFile>>> = {
  none: { kind: "absent" },
  damaged: { kind: "unreadable", reason: "it is no JSON object" },
  "granted-new": owner({ state: "granted", permit: NEW }),
  "granted-join": owner({ state: "granted", permit: JOIN }),
  "granted-restore": owner({ state: "granted", permit: RESTORE }),
  "granted-before": owner({ state: "granted", permit: { ...NEW, podUid: "p0" } }),
  "granted-after-loss": owner({ state: "granted", permit: JOIN, before: RAN_HERE }),
  started: owner({ state: "started", permit: USED, member: RAN_HERE }),
  "started-before": owner({ state: "started", permit: { ...USED, podUid: "p0" }, member: RAN_HERE }),
  "other-cluster": owner({ state: "granted", permit: { ...NEW, clusterUid: "v" } }),
  "other-pod": owner({ state: "started", permit: { ...USED, podName: "x-1" }, member: RAN_HERE }),
};

export const DATA: readonly VolumeContents["data"][] = ["none", "partial", "whole"];

/** What a restore has left beside the data. */
export const MARKERS: Readonly<Record<string, VolumeFile<RestoredMarker>>> = {
  none: { kind: "absent" },
  ours: { kind: "present", content: { clusterUid: "u", backup: "nightly" } },
  theirs: { kind: "present", content: { clusterUid: "v", backup: "nightly" } },
  damaged: { kind: "unreadable", reason: "it names no clusterUid" },
};

/** What the letters of the table stand for: a part of the sentence that refuses the permit. */
export const SENTENCES: Readonly<Record<string, string | undefined>> = {
  "+": undefined,
  F: "nothing in it is touched",
  O: "which needs no permit",
  S: "would make a second cluster",
  B: "must not come back without it",
  E: "is for another cluster",
  R: "holds no restored data",
  T: "which a New permit would throw away",
};

/**
 * Every volume, what becomes of it, and which permits it takes. `*` is anything, `|` is or; of several lines that fit the
 * first one counts.
 */
export const TABLE = `
owner               data          restored            becomes  New Join JoinOldId JoinElsewhere Restore
none                none          none|ours           Empty    +   +    +         +             R
none                whole         ours                Empty    T   +    +         +             +
none                *             *                   Foreign  F   F    F         F             F
damaged             *             *                   Foreign  F   F    F         F             F
other-cluster       *             *                   Foreign  F   F    F         F             F
other-pod           *             *                   Foreign  F   F    F         F             F
granted-restore     whole         ours                begin    T   +    +         +             +
granted-restore     *             *                   Granted  +   +    +         +             R
granted-new         whole         ours                begin    T   +    +         +             +
granted-new         *             *                   begin    +   +    +         +             R
granted-join        whole         ours                begin    T   +    +         +             +
granted-join        *             *                   begin    +   +    +         +             R
granted-before      whole         ours                Granted  T   +    +         +             +
granted-before      *             *                   Granted  +   +    +         +             R
granted-after-loss  *             *                   begin    S   +    B         E             S
started             whole         *                   serve    O   O    O         O             O
started             none|partial  *                   Lost     S   +    B         E             S
started-before      whole         *                   serve    O   O    O         O             O
started-before      none|partial  *                   Lost     S   +    B         E             S
`;
