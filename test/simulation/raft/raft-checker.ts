import { assert } from "../../../server/base/assert.ts";
import type { Index, NodeId, Term } from "../../../server/base/ids.ts";
import type { Entry } from "../../../server/proto/raft-message.ts";

/** The log of a member as it looks from outside, unwritten entries included. */
export interface VisibleLog {
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  term(index: Index): Term | undefined;
}

interface Committed {
  readonly term: Term;
  /** A term in which the entry was known to be committed; it was committed in this term or an earlier one. */
  readonly knownIn: Term;
}

/** Knows what all members have ever done and crashes on the first contradiction to Raft's guarantees (thesis 3.2). */
export class RaftChecker {
  readonly #leaders = new Map<Term, NodeId>();
  readonly #completeTerms = new Set<Term>();
  readonly #entries = new Map<string, string>();
  readonly #committed = new Map<Index, Committed>();
  readonly #applied = new Map<Index, number>();
  #maxCommitted: Index = 0;

  /** Highest index that any member has ever known to be committed: what a linearizable read has to see. */
  get maxCommitted(): Index {
    return this.#maxCommitted;
  }

  /** Elections, over all terms. */
  get elections(): number {
    return this.#leaders.size;
  }

  /** Election safety: one leader a term. */
  leads(id: NodeId, term: Term): void {
    const other = this.#leaders.get(term);
    assert(other === undefined || other === id, `election safety: ${other} and ${id} lead in term ${term}`);
    if (other === undefined) this.#leaders.set(term, id);
  }

  /** Leader completeness: a leader has everything that was committed in terms before its own. Checked once a term. */
  isComplete(id: NodeId, term: Term, log: VisibleLog): void {
    if (this.#completeTerms.has(term)) return;
    this.#completeTerms.add(term);
    for (const [index, entry] of this.#committed) {
      if (entry.knownIn >= term || index < log.firstIndex) continue;
      assert(log.term(index) === entry.term, `leader completeness: ${id} leads in ${term} without ${index}`);
    }
  }

  /** Log matching: the same index and term always means the same data after the same predecessor. */
  appends(entry: Entry, previousTerm: Term): void {
    const key = `${entry.index}/${entry.term}`;
    const content = `${previousTerm}:${entry.type}:${entry.data?.join() ?? ""}`;
    const known = this.#entries.get(key);
    assert(known === undefined || known === content, `log matching at ${key}: ${known} and ${content}`);
    if (known === undefined) this.#entries.set(key, content);
  }

  /** No two members commit different entries at one index. */
  commits(index: Index, term: Term, knownIn: Term): void {
    const known = this.#committed.get(index);
    assert(known === undefined || known.term === term, `commit safety at ${index}: terms ${known?.term} and ${term}`);
    if (known === undefined || known.knownIn > knownIn) this.#committed.set(index, { term, knownIn });
    this.#maxCommitted = Math.max(this.#maxCommitted, index);
  }

  /** State machine safety: whoever has applied up to an index has the same state. */
  applies(index: Index, state: number): void {
    const known = this.#applied.get(index);
    assert(known === undefined || known === state, `state machine safety at ${index}`);
    if (known === undefined) this.#applied.set(index, state);
  }
}
