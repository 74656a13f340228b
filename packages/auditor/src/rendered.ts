/** Values as text that is equal exactly when they are: keys in order, big integers marked, maps as pairs, what is undefined left out. */
export function rendered(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}n"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(rendered).join()}]`;
  if (value instanceof Map) return rendered([...(value as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (value instanceof Uint8Array) return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`;
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) parts.push(`${JSON.stringify(key)}:${rendered(item)}`);
  }
  return `{${parts.join()}}`;
}
