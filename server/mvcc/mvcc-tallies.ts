/** What the key-value store has done since the process started, whatever became of the store meanwhile. */
export class MvccTallies {
  ranges = 0;
  puts = 0;
  /** Deletions that were asked for, of one key or of many. */
  deletes = 0;
  /** Transactions of more than one operation. */
  txns = 0;
  /** Keys and values that were put. */
  putBytes = 0;
}
