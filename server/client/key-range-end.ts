/** The end of the range of all keys that begin with a prefix: the prefix with its last byte that can grow grown by one. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix[last] ?? 0xff;
    if (byte === 0xff) continue;
    // A copy: of a Buffer `slice` would be a view.
    const end = new Uint8Array(prefix.subarray(0, last + 1));
    end[last] = byte + 1;
    return end;
  }
  // etcd's sign for "to the end of all keys".
  return Uint8Array.of(0);
}
