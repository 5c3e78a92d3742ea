import type { Random } from "../base/prng.ts";

/** Where connections may go, with what a DNS SRV record says of it; without one both numbers are 0. */
export interface Remote {
  readonly host: string;
  readonly port: number;
  /** Only the live ones of the lowest priority are used. */
  readonly priority: number;
  /** Its share among those of the same priority; 0: almost none beside others that have one. */
  readonly weight: number;
}

/** One pick in so many goes to a remote without weight, where others have one (RFC 2782: "a very small chance"). */
const UNWEIGHTED_ONE_IN = 100;

/** Chooses the remote of the next connection: by priority and weight, in turn where there are no weights. */
export class RemotePicker<R extends Remote> {
  readonly #remotes: readonly R[];
  readonly #random: Random;
  readonly #inactive = new Set<R>();
  #turn = 0;

  constructor(remotes: readonly R[], random: Random) {
    this.#remotes = remotes;
    this.#random = random;
  }

  /** Those that are not picked. */
  get inactive(): readonly R[] {
    return [...this.#inactive];
  }

  deactivate(remote: R): void {
    this.#inactive.add(remote);
  }

  activate(remote: R): void {
    this.#inactive.delete(remote);
  }

  /** Undefined: none is live. */
  pick(): R | undefined {
    const live = this.#remotes.filter((remote) => !this.#inactive.has(remote));
    const best = Math.min(...live.map(({ priority }) => priority));
    const candidates = live.filter(({ priority }) => priority === best);
    const weighted = candidates.filter(({ weight }) => weight > 0);
    const unweighted = candidates.filter(({ weight }) => weight === 0);
    if (weighted.length === 0) return this.#inTurn(unweighted);
    if (unweighted.length > 0 && this.#random.below(UNWEIGHTED_ONE_IN) === 0) return this.#inTurn(unweighted);
    return this.#byWeight(weighted);
  }

  #inTurn(remotes: readonly R[]): R | undefined {
    return remotes[this.#turn++ % remotes.length];
  }

  #byWeight(remotes: readonly R[]): R | undefined {
    let left = this.#random.below(remotes.reduce((sum, { weight }) => sum + weight, 0));
    return remotes.find(({ weight }) => (left -= weight) < 0);
  }
}
