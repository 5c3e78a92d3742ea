import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "../../tools/repository-root.ts";
import type { Verdicts } from "../support/verdicts.ts";

/** What the logs of all members together say about changes of the membership. */
export interface MembershipLog {
  readonly entries: number;
  readonly joint: number;
  readonly simple: number;
  /** Changes that were begun while another was under way, and leaves of what was not entered. */
  readonly overlaps: readonly string[];
  /** An index that two members have different committed entries at. */
  readonly contradictions: readonly string[];
  readonly isLeft: boolean;
  readonly lines: readonly string[];
}

/** Reads the dumped logs of members, removed ones too, and puts them together. */
export function membershipLog(dataDirs: readonly string[]): MembershipLog {
  const entries = new Map<number, string>();
  const contradictions: string[] = [];
  for (const dataDir of dataDirs) {
    for (const line of dump(dataDir)) {
      const index = Number(line.slice(0, line.indexOf("\t")));
      const known = entries.get(index);
      if (known === undefined) entries.set(index, line);
      else if (known !== line) contradictions.push(`${known} | ${line}`);
    }
  }
  return { ...follow(entries), contradictions, entries: entries.size };
}

/** The committed entries of one log, without the part that a snapshot stands for. */
function dump(dataDir: string): readonly string[] {
  const main = join(repositoryRoot, "server/cli/kvorum-main.ts");
  const args = ["--no-warnings", main, "dump-log", dataDir, "--format", "text"];
  const text = execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 30 });
  return text.split("\n").filter((line) => /^\d+\t\d+\t(request|empty|conf-change|conf-change-v2)\t/.test(line));
}

function follow(entries: ReadonlyMap<number, string>) {
  const overlaps: string[] = [];
  const lines: string[] = [];
  let entered: string | undefined;
  let [joint, simple] = [0, 0];
  for (const [, line] of [...entries].toSorted(([a], [b]) => a - b)) {
    const [, , type = "", json = "{}"] = line.split("\t");
    if (!type.startsWith("conf-change")) continue;
    lines.push(line);
    const { phase = "simple" } = JSON.parse(json) as { phase?: string };
    const isLeave = phase === "leave-joint";
    if (isLeave === (entered === undefined)) overlaps.push(line);
    if (phase === "simple") simple++;
    else if (isLeave) entered = undefined;
    else {
      joint++;
      entered = line;
    }
  }
  return { overlaps, lines, joint, simple, isLeft: entered === undefined };
}

/** Judges a log; etcd's own never holds a joint change. */
export function judgeLog(log: MembershipLog, isKvorum: boolean, voterChanges: number, verdicts: Verdicts): void {
  const counts = `${String(log.joint)} joint and ${String(log.simple)} simple changes in ${String(log.entries)} entries`;
  verdicts.check(
    log.contradictions.length === 0,
    `the logs of all members agree on every committed entry ${log.contradictions.slice(0, 3).join("; ")}`,
  );
  verdicts.check(
    log.overlaps.length === 0 && log.isLeft,
    `at no moment two changes are in flight: ${counts} ${log.overlaps.slice(0, 3).join("; ")}`,
  );
  if (!isKvorum) return;
  verdicts.check(
    log.joint >= voterChanges,
    `every change of voters entered and left a joint configuration: ${String(log.joint)} joint, ${String(voterChanges)} were asked for`,
  );
}
