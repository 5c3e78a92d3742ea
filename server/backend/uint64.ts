/** A counter as 8 bytes, big-endian, as etcd stores numbers. */
export function uint64Bytes(value: number): Uint8Array {
  return bigUint64Bytes(BigInt(value));
}

/** An id as 8 bytes, big-endian; negative ones as their two's complement. */
export function bigUint64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value));
  return bytes;
}

/** The counter in 8 big-endian bytes. */
export function readUint64(bytes: Uint8Array): number {
  return Number(readBigUint64(bytes));
}

/** The 64 bits in 8 big-endian bytes, unsigned. */
export function readBigUint64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0);
}
