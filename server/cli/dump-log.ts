import { setTimeout as pause } from "node:timers/promises";
import type { Index } from "../base/ids.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { DiskError } from "../ports/disk-error.ts";
import { EntryType, type Entry } from "../proto/raft-message.ts";
import { varintSize, WireWriter } from "../proto/wire.ts";
import { CommittedEntries } from "../wal/committed-entries.ts";
import { readWal } from "../wal/wal-contents.ts";
import { WalError } from "../wal/wal-error.ts";
import { CommandError } from "./command-error.ts";
import { describeEntry } from "./entry-text.ts";
import { StandardOutput } from "./standard-output.ts";

/** How a log is shown: bytes for programs, lines for people. */
export type DumpFormat = "requests" | "text";

/** A running member may be in the middle of a write, or release a segment, while we read: then we read once more. */
const MAX_ATTEMPTS = 3;
const RETRY_PAUSE_MS = 200;

/** Writes the committed entries of a log to standard output. Nothing is changed, and no lock is taken. */
export async function dumpLog(walFolder: string, format: DumpFormat): Promise<void> {
  const output = new StandardOutput();
  const printer = format === "text" ? textPrinter(output) : requestPrinter(output);
  try {
    let after: Index = 0;
    for (let attempt = 1; ; attempt++) {
      const entries = new CommittedEntries(printer, after);
      try {
        await readWal(nodeDisk, walFolder, entries.visit);
        const lost = entries.finish();
        if (lost) throw new WalError(`entries ${lost.from} to ${lost.to} were committed but are lost`, walFolder);
        for (const entry of entries.uncommitted) printer.uncommitted(entry);
        return;
      } catch (error) {
        const mayPass = error instanceof WalError || (error instanceof DiskError && after > 0);
        if (!mayPass || attempt === MAX_ATTEMPTS) throw error;
        after = entries.handedOn;
        await pause(RETRY_PAUSE_MS);
      }
    }
  } finally {
    output.flush();
  }
}

interface Printer {
  readonly entry: (entry: Entry) => void;
  readonly gap: (from: Index, to: Index) => void;
  readonly uncommitted: (entry: Entry) => void;
}

/** Each request with its length as varint before it, and nothing else. */
function requestPrinter(output: StandardOutput): Printer {
  return {
    entry: ({ type, data }) => {
      if (type !== EntryType.Normal || data === undefined || data.length === 0) return;
      const head = new WireWriter(new Uint8Array(varintSize(data.length)));
      head.varint(data.length);
      output.write(head.buffer);
      output.write(data);
    },
    gap: (from, to) => {
      throw new CommandError(
        `entries ${from} to ${to} are not in the log any more, a snapshot stands for them: the requests since index 1 ` +
          `cannot be told ("--format text" shows what is there)`,
      );
    },
    uncommitted: () => {},
  };
}

function textPrinter(output: StandardOutput): Printer {
  const line = (entry: Entry, mark: string): void => {
    const { type, json } = describeEntry(entry);
    output.write(Buffer.from(`${entry.index}\t${entry.term}\t${type}${mark}\t${json}\n`));
  };
  return {
    entry: (entry) => line(entry, ""),
    gap: (from, to) => output.write(Buffer.from(`${from}-${to}\t-\tsnapshot\t{}\n`)),
    uncommitted: (entry) => line(entry, " (uncommitted)"),
  };
}
