/** Slot and key columns of a row, in the order of its table's primary key. */
export type RowKey = readonly (number | string)[];

/** As the databases order them: numbers by value, text by its UTF-8 bytes. */
export function compareKeys(left: RowKey, right: RowKey): number {
  for (let at = 0; at < left.length; at++) {
    const [a, b] = [left[at], right[at]];
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
    if (order !== 0) return order;
  }
  return 0;
}

/** One string per key; key parts hold no NUL. */
export function nameOfKey(key: RowKey): string {
  return key.join('\0');
}
