/** What the operator knows of itself and hands on to the pods that it makes. */
export interface Platform {
  /** The operator's own image, which is also that of the members and of the Jobs. */
  readonly image: string;
  /** The operator's own release, which members run unless a spec names another. */
  readonly version: string;
  /** The public half of the key that signs permits: 32 bytes in base64. */
  readonly permitPublicKey: string;
}
