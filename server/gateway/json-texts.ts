import { JsonValues } from "./json-values.ts";

/** JSON costs up to this much more than the message that it says: base64, names, numbers as text. */
const JSON_OVERHEAD = 4;

/** The JSON values in a text that arrives in pieces. Fault: one of them is too long. */
export async function* jsonTexts(pieces: AsyncIterable<string>, maxMessageBytes: number): AsyncGenerator<string> {
  const values = new JsonValues(JSON_OVERHEAD * maxMessageBytes);
  for await (const piece of pieces) yield* values.push(piece);
  const rest = values.rest();
  if (rest !== "") yield rest;
}
