/** A field of a status that counts things. */
export function count<const D extends string>(description: D): { type: "integer"; format: "int32"; description: D } {
  return { type: "integer", format: "int32", description };
}

/** A field of a status that may grow beyond 32 bits: a revision, a term, a number of bytes. */
export function counter<const D extends string>(description: D): { type: "integer"; format: "int64"; description: D } {
  return { type: "integer", format: "int64", description };
}

/** A field of a status that holds words. */
export function text<const D extends string>(description: D): { type: "string"; maxLength: 4096; description: D } {
  return { type: "string", maxLength: 4096, description };
}

/** A field of a status that holds a moment, as RFC 3339 in UTC. */
export function time<const D extends string>(description: D): { type: "string"; format: "date-time"; description: D } {
  return { type: "string", format: "date-time", description };
}

/** A field of a status that is true or false. */
export function flag<const D extends string>(description: D): { type: "boolean"; description: D } {
  return { type: "boolean", description };
}
