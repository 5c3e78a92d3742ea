/** Hashes passwords with bcrypt, which is meant to be slow: never on the event loop. */
export interface PasswordHasher {
  /** The bcrypt text of a password. Rejects with the fault too-many-requests if too much is waiting. */
  hash(password: string): Promise<string>;
  /**
   * Whether a password is the one that a bcrypt text was made of; a text that is none matches nothing. What is not wanted
   * any more when its turn comes is left out, and rejects with the fault canceled. Fault too-many-requests as above.
   */
  matches(password: string, hash: string, isWanted: () => boolean): Promise<boolean>;
}
