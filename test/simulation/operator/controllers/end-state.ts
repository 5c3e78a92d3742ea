import { ANNOTATIONS } from "../../../../operator/types/names.ts";
import type { JsonObject } from "../../../support/fake-kube/json-object.ts";
import type { Simulation } from "./simulation.ts";
import { RESOURCES, type Resource } from "./stored-objects.ts";

/** Which object it is, and when and how often it was written: no two courses of events have that in common. */
const NOT_COMPARED = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"];

/** Where everything has come to, line by line, in a form in which two courses of events can be compared. */
export function endState({ objects, members, nature, everObjects }: Simulation): readonly string[] {
  const names = new Map<string, string>();
  const lines: string[] = [];
  for (const [uid, object] of everObjects) {
    names.set(uid, `<${object}>`);
    // As in the name of a last backup.
    names.set(uid.replaceAll("-", "").slice(0, 8), `<${object}, short>`);
  }
  for (const kind of Object.keys(RESOURCES) as Resource[]) {
    for (const { metadata, ...content } of objects.list(kind)) {
      const { name } = metadata;
      if (kind === "statefulSets") names.set(templateHashOf(content), `<template of ${name}>`);
      const kept = Object.entries(metadata).filter(([field]) => !NOT_COMPARED.includes(field));
      lines.push(JSON.stringify({ [`${kind}/${name}`]: { ...content, metadata: Object.fromEntries(kept) } }));
    }
  }
  for (const [clusterUid, raft] of members.rafts) {
    for (const { id, peerUrl } of raft.members) names.set(id, `<member at ${peerUrl}>`);
    const ordered = raft.members.toSorted((a, b) => (a.peerUrl < b.peerUrl ? -1 : 1));
    const rows = ordered.map(
      ({ id, isLearner }) => `${id}${id === raft.leader ? " leads" : ""}${isLearner ? " learns" : ""}`,
    );
    lines.push(`cluster ${clusterUid}: ${rows.join(", ")}; ${String(raft.everMembers)} members ever`);
  }
  for (const [claimUid, { memberId }] of members.disks) lines.push(`disk ${claimUid}: ${memberId ?? "empty"}`);
  lines.push(`stored: ${[...nature.jobs.stored].join(", ")}; ${String(nature.jobs.everStored)} snapshots ever`);
  lines.push(`${String(nature.everPods)} pods ever`);
  return lines.map((line) => withoutChance(line, names)).toSorted();
}

function templateHashOf(content: JsonObject): string {
  const { template } = content["spec"] as {
    readonly template: { readonly metadata: { readonly annotations: Record<string, string> } };
  };
  return template.metadata.annotations[ANNOTATIONS.templateHash] ?? "";
}

/** What is only in one of two ends, in short. */
export function differences(wanted: readonly string[], is: readonly string[]): readonly string[] {
  return [
    ...wanted.filter((line) => !is.includes(line)).map((line) => `- ${line}`),
    ...is.filter((line) => !wanted.includes(line)).map((line) => `+ ${line}`),
  ];
}

function withoutChance(line: string, names: ReadonlyMap<string, string>): string {
  let text = line;
  // Twice: a name may have the UID of another object in it.
  for (const [id, name] of [...names, ...names]) text = text.replaceAll(id, name);
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/10\.0\.\d+\.\d+/g, "<address>")
    .replaceAll(/"(raftTerm|observedGeneration)":\d+/g, '"$1":0');
}
