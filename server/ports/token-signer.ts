/** What a signed token says: who has logged in, and at which revision of the auth store. */
export interface TokenClaims {
  readonly username: string;
  readonly revision: number;
}

/** Makes tokens that every member with the same keys can check by itself, and checks them. */
export interface TokenSigner {
  /** False: there is only a public key, so tokens can be checked and not made. */
  readonly canSign: boolean;
  sign(claims: TokenClaims): Promise<string>;
  /** What a token says; undefined if it was not signed here, has expired, or is none. At once for one that was seen before. */
  verify(token: string): TokenClaims | undefined | Promise<TokenClaims | undefined>;
}
