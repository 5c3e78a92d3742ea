import { Code, RpcError } from "../rpc/status.ts";

const SPACE = /[ \t\r\n]/;

/**
 * Splits a text that arrives in pieces into the JSON values that stand in it one after the other, with or without
 * anything between them. Whether each is sound is for its parser to say.
 */
export class JsonValues {
  readonly #maxLength: number;
  #text = "";
  /** Where to look next. */
  #position = 0;
  #depth = 0;
  #isInString = false;

  /** Longer values are refused, so that nobody fills the memory. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** More of the text; the values that are complete now. Fault: a value is too long. */
  *push(piece: string): Generator<string> {
    this.#text += piece;
    for (let end = this.#endOfValue(); end !== undefined; end = this.#endOfValue()) yield this.#take(end);
    if (this.#text.length > this.#maxLength) {
      const message = `grpc: received message larger than max (${String(this.#text.length)} vs. ${String(this.#maxLength)})`;
      throw new RpcError(Code.RESOURCE_EXHAUSTED, message);
    }
  }

  /** What is left at the end of the text: a value that only its end could end, such as a number, or half of one. */
  rest(): string {
    return this.#text.trim();
  }

  /** Objects and lists end with their bracket; what begins otherwise ends where something else begins. */
  #endOfValue(): number | undefined {
    if (this.#position === 0) this.#text = this.#text.trimStart();
    for (; this.#position < this.#text.length; this.#position++) {
      const character = this.#text.charAt(this.#position);
      if (this.#isInString) {
        if (character === "\\") this.#position++;
        else if (character === '"') {
          this.#isInString = false;
          if (this.#depth === 0) return this.#position + 1;
        }
      } else if (character === '"') this.#isInString = true;
      else if (character === "{" || character === "[") this.#depth++;
      else if (character === "}" || character === "]") {
        if (--this.#depth <= 0) return this.#position + 1;
      } else if (this.#depth === 0 && SPACE.test(character)) return this.#position;
    }
    return undefined;
  }

  #take(end: number): string {
    const value = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    this.#position = 0;
    this.#depth = 0;
    return value;
  }
}
