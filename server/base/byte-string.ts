/**
 * Bytes as a string of one character (0–255) a byte. Comparing two of them with `<` is bytewise order, they are
 * compact, hashable and immutable: the form in which keys are held in maps and indexes.
 */
export type ByteString = string;

const CHUNK = 4096;

/** The bytes as a byte string. */
export function byteString(bytes: Uint8Array): ByteString {
  if (bytes.length <= CHUNK) return fromCodes(bytes);
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += fromCodes(bytes.subarray(i, i + CHUNK));
  return text;
}

/** The bytes of a byte string, in a fresh array. */
export function bytesOf(text: ByteString): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function fromCodes(bytes: Uint8Array): ByteString {
  return Reflect.apply(String.fromCharCode, undefined, bytes);
}
