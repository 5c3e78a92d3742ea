/**
 * The smallest merge patch (RFC 7386) that makes one JSON value of another; undefined if they are the same. What is
 * undefined counts as missing; lists are replaced whole.
 */
export function mergePatch(from: unknown, to: object): Readonly<Record<string, unknown>> | undefined {
  const before = isObject(from) ? from : {};
  const after = to as Readonly<Record<string, unknown>>;
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(after)) {
    const known = before[name];
    if (value === undefined || isSame(known, value)) continue;
    patch[name] = isObject(known) && isObject(value) ? (mergePatch(known, value) ?? {}) : value;
  }
  for (const name of Object.keys(before)) {
    // The protocol's word for "take it away".
    if (before[name] !== undefined && after[name] === undefined) patch[name] = null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Whether two JSON values say the same, in whatever order their fields are. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, at) => isSame(item, right[at]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => isSame(left[name], right[name]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
