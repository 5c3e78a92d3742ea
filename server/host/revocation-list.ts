import { readFileSync, statSync } from "node:fs";
import { revokedSerials } from "./revoked-serials.ts";

/**
 * A list of revoked certificates (CRL, in DER), read again when its file changes. As in etcd it is a list of serial
 * numbers and no more: neither its signature nor its dates are looked at, and while it cannot be read nobody gets in.
 */
export class RevocationList {
  readonly #path: string;
  #stamp = "";
  #serials: ReadonlySet<string> = new Set();

  constructor(path: string) {
    this.#path = path;
  }

  /** Why certificates with these serial numbers (hexadecimal) are refused; undefined: none is revoked. */
  refusalOf(serials: readonly string[]): string | undefined {
    try {
      this.#refresh();
    } catch (error) {
      return `cannot read the list of revoked certificates ${this.#path}: ${(error as Error).message}`;
    }
    const revoked = serials.map(plainSerial).find((serial) => this.#serials.has(serial));
    return revoked === undefined ? undefined : `transport: certificate serial ${revoked} revoked`;
  }

  #refresh(): void {
    const { ino, size, mtimeMs } = statSync(this.#path);
    const stamp = `${String(ino)}:${String(size)}:${String(mtimeMs)}`;
    if (stamp === this.#stamp) return;
    this.#serials = new Set(revokedSerials(readFileSync(this.#path)).map(plainSerial));
    this.#stamp = stamp;
  }
}

/** Whole bytes in lower case, without the zeros that may stand in front. */
function plainSerial(hex: string): string {
  const digits = hex.toLowerCase().replace(/^0+/, "");
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
