/**
 * The text form of a 64-bit id (member, cluster): lower-case hex without leading zeros or 0x, as etcdctl prints it.
 * JSON numbers lose digits above 2^53, so objects in Kubernetes never carry such an id as a number.
 */
export type HexId = string;

/** The hex form of an id. */
export function hexId(id: bigint): HexId {
  return BigInt.asUintN(64, id).toString(16);
}

/** The id of a hex form; undefined for what is none. */
export function idOfHex(text: string): bigint | undefined {
  return /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
