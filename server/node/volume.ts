import { hexId } from "../base/ids.ts";
import type { GrantedOwner, OwnerFile, StartedOwner } from "./owner-file.ts";
import type { RestoredMarker } from "./restored-marker.ts";

/** The pod that has the volume now. */
export interface Pod {
  readonly clusterUid: string;
  readonly podName: string;
  readonly podUid: string;
}

/** A small file in a volume: there, absent, or damaged. */
export type VolumeFile<T> =
  | { readonly kind: "absent" }
  | { readonly kind: "present"; readonly content: T }
  | { readonly kind: "unreadable"; readonly reason: string };

/** What lies in a volume, at a glance. */
export interface VolumeContents {
  readonly owner: VolumeFile<OwnerFile>;
  readonly restored: VolumeFile<RestoredMarker>;
  /** "whole" has a log; "partial" has something, but no log. */
  readonly data: "none" | "partial" | "whole";
}

/** A volume in a word, for the operator. */
export type VolumeState = "Empty" | "Granted" | "Owned" | "Lost" | "Foreign";

/** What may be done with a volume. */
export type VolumeVerdict =
  /** The member in it goes on. */
  | { readonly kind: "serve"; readonly owner: StartedOwner }
  /** A first start that nobody has heard of is begun again. */
  | { readonly kind: "begin"; readonly owner: GrantedOwner }
  | { readonly kind: "wait"; readonly volume: Exclude<VolumeState, "Owned">; readonly message: string };

/**
 * Decides what becomes of a volume when a pod finds it. Whatever is not certain waits for the operator: a member that
 * waits costs availability, one that starts twice or under an old id costs data.
 */
export function judgeVolume(pod: Pod, contents: VolumeContents): VolumeVerdict {
  const { owner, data } = contents;
  switch (owner.kind) {
    case "unreadable":
      return foreign(`owner.json cannot be read (${owner.reason}), so nobody knows whose the volume is`);
    case "absent":
      return judgeUnowned(pod, contents);
    case "present": {
      const file = owner.content;
      const other = otherOwner(pod, file);
      if (other !== undefined) return foreign(other);
      if (file.state === "granted") return judgeGranted(pod, file, contents);
      if (data === "whole") return { kind: "serve", owner: file };
      const { selfId, clusterId } = file.member;
      return wait(
        "Lost",
        `member ${hexId(selfId)} of cluster ${hexId(clusterId)} ran here and its log is gone: ` +
          `replace it; it waits for a permit under a new id`,
      );
    }
  }
}

/** Whether a restore has filled the volume, for this pod's cluster. */
export function isRestored(pod: Pod, { restored, data }: VolumeContents): boolean {
  return restored.kind === "present" && restored.content.clusterUid === pod.clusterUid && data === "whole";
}

function judgeGranted(pod: Pod, owner: GrantedOwner, contents: VolumeContents): VolumeVerdict {
  const { podUid, mode } = owner.permit;
  if (mode === "Restore" && !isRestored(pod, contents)) {
    return wait("Granted", "a Restore permit was given, but the restored data are gone: it waits for another permit");
  }
  if (podUid === pod.podUid) return { kind: "begin", owner };
  return wait(
    "Granted",
    `a ${mode} permit was given to pod ${podUid}, which has never taken part; this is pod ${pod.podUid}: ` +
      `it waits for a permit of its own`,
  );
}

function judgeUnowned(pod: Pod, contents: VolumeContents): VolumeVerdict {
  const { restored, data } = contents;
  if (restored.kind === "unreadable") return foreign(`restored.json cannot be read (${restored.reason})`);
  if (restored.kind === "absent") {
    return data === "none"
      ? wait("Empty", "the volume is empty: it waits for a permit of the operator")
      : foreign("the volume holds data of a member but no owner.json, so nobody knows whose they are");
  }
  const { clusterUid, backup } = restored.content;
  if (clusterUid !== pod.clusterUid) {
    return foreign(`the volume was restored for cluster ${clusterUid}, this pod belongs to ${pod.clusterUid}`);
  }
  switch (data) {
    case "none":
      return wait("Empty", `restored.json names ${backup}, but there are no data yet: it waits for a permit`);
    case "partial":
      return foreign(`restored.json names ${backup}, but the data beside it have no log`);
    case "whole":
      return wait("Empty", `the volume was restored from ${backup}: it waits for a Restore permit`);
  }
}

function otherOwner(pod: Pod, { permit }: OwnerFile): string | undefined {
  if (permit.clusterUid === pod.clusterUid && permit.podName === pod.podName) return undefined;
  return (
    `the volume belongs to pod ${permit.podName} of cluster ${permit.clusterUid}, ` +
    `this is pod ${pod.podName} of cluster ${pod.clusterUid}`
  );
}

function foreign(reason: string): VolumeVerdict {
  return wait("Foreign", `${reason}: nothing in it is touched`);
}

function wait(volume: Exclude<VolumeState, "Owned">, message: string): VolumeVerdict {
  return { kind: "wait", volume, message };
}
