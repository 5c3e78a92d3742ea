import { KubeError } from "./kube-error.ts";

/** The longest line that is read: the API server keeps objects of at most 3 MiB. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;
const NEWLINE = 10;

/** The values of a stream of JSON texts, one a line, however the chunks are cut; a last line without an end is none. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      pending.push(chunk.subarray(start, end));
      const line = Buffer.concat(pending).toString("utf8");
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      if (line.trim() !== "") yield parse(line);
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > LINE_BYTES_MAX) throw broken(`a line of more than ${String(LINE_BYTES_MAX)} bytes`);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw broken(`a line that is no JSON: ${line.slice(0, 80)}`, error);
  }
}

function broken(what: string, cause?: unknown): KubeError {
  return new KubeError({ kind: "Unavailable", isSent: true }, `the watch sent ${what}`, { cause });
}
