const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal", "none"];

/** Collects what a directive prints; the level "none" silences everything but errors. */
export class InteractionOutput {
  #text = "";
  #isQuiet = false;

  get isQuiet(): boolean {
    return this.#isQuiet;
  }

  get text(): string {
    return this.#text;
  }

  reset(): void {
    this.#text = "";
  }

  setLevel(name: string): void {
    if (!LOG_LEVELS.includes(name.toLowerCase())) throw new Error(`unknown log level ${name}`);
    this.#isQuiet = name.toLowerCase() === "none";
  }

  /** Runs a part at another level. */
  atLevel(name: string | undefined, part: () => void): void {
    const before = this.#isQuiet;
    if (name !== undefined) this.setLevel(name);
    part();
    this.#isQuiet = before;
  }

  write(text: string): void {
    if (!this.#isQuiet) this.#text += text;
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Prints a part indented by two spaces. */
  indented(part: () => void): void {
    const before = this.#text;
    this.#text = "";
    part();
    const lines = this.#text.replace(/\n$/, "").split("\n");
    this.#text = before + (this.#text === "" ? "" : lines.map((each) => `  ${each}\n`).join(""));
  }
}
