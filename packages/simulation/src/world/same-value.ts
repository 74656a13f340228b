/** Whether two values are equal in all their parts, whatever the order of keys. Cheaper than comparing their texts. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => sameValue(item, b[at]));
  if (a instanceof Map)
    return b instanceof Map && a.size === b.size && [...(a as Map<unknown, unknown>)].every(([key, item]) => b.has(key) && sameValue(item, b.get(key)));
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) if (!(key in right) || !sameValue(left[key], right[key])) return false;
  return true;
}
