import type { LabelledValue } from "../ports/metrics.ts";

/** Versions that are told apart: a client may claim any, and each would be a series for ever. */
const MAX_VERSIONS = 64;
const OTHER = "other";
const UNKNOWN = "unknown";

/** How many calls came from clients of which version. */
export class ClientVersions {
  readonly #calls = { unary: new Map<string, number>(), stream: new Map<string, number>() };

  onCall(kind: "unary" | "stream", version: string = UNKNOWN): void {
    const calls = this.#calls[kind];
    const known = calls.get(version);
    if (known !== undefined) calls.set(version, known + 1);
    else if (calls.size < MAX_VERSIONS) calls.set(version, 1);
    else calls.set(OTHER, (calls.get(OTHER) ?? 0) + 1);
  }

  get values(): readonly LabelledValue[] {
    return (["unary", "stream"] as const).flatMap((type) =>
      Array.from(this.#calls[type], ([version, value]) => ({ labels: { client_api_version: version, type }, value })),
    );
  }
}
