import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonLines, LINE_BYTES_MAX } from "../../../../operator/kube/json-lines.ts";

async function* chunksOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function read(chunks: readonly Buffer[]): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(chunksOf(chunks))) values.push(value);
  return values;
}

/** The same bytes, cut at other places: in the middle of a character as well. */
function cut(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, at) => bytes.subarray(places[at], end));
}

test("values arrive whole however the stream is cut", async () => {
  const values = fc.array(fc.record({ type: fc.string(), object: fc.jsonValue() }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(values, fc.array(fc.nat(), { maxLength: 12 }), async (expected, cuts) => {
      const bytes = Buffer.from(expected.map((value) => `${JSON.stringify(value)}\n`).join(""));
      const wire = expected.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
      expect(await read(cut(bytes, cuts))).toEqual(wire);
    }),
  );
});

test("a line that was cut off by the end is none, an empty one is none either", async () => {
  expect(await read([Buffer.from('{"a":1}\n\n  \n{"b":'), Buffer.from("2")])).toEqual([{ a: 1 }]);
});

test("what is no JSON is said, with its beginning", async () => {
  await expect(read([Buffer.from("<html>\n")])).rejects.toThrow("the watch sent a line that is no JSON: <html>");
});

test("a line without an end is given up before it fills the memory", async () => {
  const chunk = Buffer.alloc(1024 * 1024, "x");
  let given = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      given += chunk.length;
      yield chunk;
    }
  }
  await expect(jsonLines(endless()).next()).rejects.toThrow(`a line of more than ${String(LINE_BYTES_MAX)} bytes`);
  expect(given).toBeLessThanOrEqual(LINE_BYTES_MAX + chunk.length);
});
