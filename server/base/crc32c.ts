/** The Castagnoli polynomial, bit-reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256: table k advances a byte's contribution by k more bytes ("slicing by 8"). */
const TABLES = makeTables();

/**
 * CRC-32C (Castagnoli) of `bytes[from, to)`, continued from `previous`; 0 starts afresh.
 * Feeding parts one after the other gives the checksum of the whole. The result is an unsigned 32-bit number.
 */
export function crc32c(bytes: Uint8Array, previous = 0, from = 0, to = bytes.length): number {
  const t = TABLES;
  let crc = ~previous;
  let i = from;
  for (const end = to - 7; i < end; i += 8) {
    const low = crc ^ (at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24));
    crc =
      at(t, 0x700 | (low & 0xff)) ^
      at(t, 0x600 | ((low >>> 8) & 0xff)) ^
      at(t, 0x500 | ((low >>> 16) & 0xff)) ^
      at(t, 0x400 | (low >>> 24)) ^
      at(t, 0x300 | at(bytes, i + 4)) ^
      at(t, 0x200 | at(bytes, i + 5)) ^
      at(t, 0x100 | at(bytes, i + 6)) ^
      at(t, at(bytes, i + 7));
  }
  for (; i < to; i++) crc = at(t, (crc ^ at(bytes, i)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** An element whose index the caller has bounded; inlined away by the engine. */
function at(array: Uint8Array | Int32Array, index: number): number {
  return array[index] ?? 0;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = at(tables, i - 256);
    tables[i] = at(tables, shorter & 0xff) ^ (shorter >>> 8);
  }
  return tables;
}
