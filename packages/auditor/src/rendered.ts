/** Values as text that is equal exactly when they are: keys in order, big integers marked, maps as pairs. */
export function rendered(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    if (item instanceof Map) return [...(item as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1));
    const keys = Object.keys(item);
    return Object.fromEntries(keys.sort().map((key) => [key, (item as Record<string, unknown>)[key]]));
  });
}
