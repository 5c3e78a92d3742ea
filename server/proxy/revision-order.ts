import { Code, RpcError } from "../rpc/status.ts";

/** How often each endpoint may have answered from the past before there is no hope (etcd's ordering package). */
const MAX_ROUNDS = 5;

/**
 * Keeps the revisions of answers from falling, whichever member gives them: an answer from the past is thrown away and
 * the next member asked (--experimental-serializable-ordering).
 */
export class RevisionOrder {
  readonly #endpointCount: () => number;
  #revision = 0n;

  constructor(endpointCount: () => number) {
    this.#endpointCount = endpointCount;
  }

  async read<Response extends { readonly header?: { readonly revision: bigint } | undefined }>(
    ask: () => Promise<Response>,
  ): Promise<Response> {
    // Others may move it on while this read is on its way; it is measured by what was known when it began.
    const least = this.#revision;
    for (let attempt = 0; attempt <= MAX_ROUNDS * this.#endpointCount(); attempt++) {
      const response = await ask();
      const revision = response.header?.revision ?? 0n;
      if (revision < least) continue;
      if (revision > this.#revision) this.#revision = revision;
      return response;
    }
    throw new RpcError(
      Code.UNKNOWN,
      "etcdclient: no cluster members have a revision higher than the previously received revision",
    );
  }
}
