/** The serial numbers in a list of revoked certificates (RFC 5280 §5.1, DER), in hexadecimal. Throws if it is no such list. */
export function revokedSerials(der: Uint8Array): readonly string[] {
  const [list] = elements(der);
  const [toBeSigned] = list?.tag === SEQUENCE ? elements(list.content) : [];
  if (toBeSigned?.tag !== SEQUENCE) throw new Error("it is no list of revoked certificates in DER");
  const fields = elements(toBeSigned.content);
  // Algorithm and issuer are sequences too, and the only ones before the times.
  const firstTime = fields.findIndex(({ tag }) => TIMES.has(tag));
  if (firstTime < 0) throw new Error("it is no list of revoked certificates: it says no time");
  const revoked = fields.slice(firstTime).find(({ tag }) => tag === SEQUENCE);
  return revoked ? elements(revoked.content).map(serialOf) : [];
}

const INTEGER = 0x02;
const SEQUENCE = 0x30;
/** UTCTime and GeneralizedTime. */
const TIMES: ReadonlySet<number> = new Set([0x17, 0x18]);

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

function serialOf(entry: Element): string {
  const [serial] = entry.tag === SEQUENCE ? elements(entry.content) : [];
  if (serial?.tag !== INTEGER) throw new Error("an entry of the list has no serial number");
  return Buffer.from(serial.content).toString("hex");
}

function elements(bytes: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const { start, end } = extentAt(bytes, offset);
    found.push({ tag: bytes[offset] ?? 0, content: bytes.subarray(start, end) });
    offset = end;
  }
  return found;
}

/** Where the content of the element lies: the length stands in one byte, or in as many as the first one says. */
function extentAt(bytes: Uint8Array, offset: number): { readonly start: number; readonly end: number } {
  const first = bytes[offset + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const start = offset + 2 + lengthBytes;
  const length =
    lengthBytes === 0 ? first : bytes.subarray(offset + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  if (start + length > bytes.length) throw new Error("the list is cut short");
  return { start, end: start + length };
}
