/** Cursors of lists: opaque to callers, checked when they come back. `v1`, the list's name, then its fields. */
export type CursorFields = readonly (string | number)[];

const MAX_CURSOR_LENGTH = 512;

export function encodeCursor(list: string, fields: CursorFields): string {
  return Buffer.from(['v1', list, ...fields].join('\0'), 'utf8').toString('base64url');
}

/** Null for anything that encodeCursor did not give for this list. */
export function decodeCursor(list: string, cursor: string, fieldCount: number): readonly string[] | null {
  if (cursor.length > MAX_CURSOR_LENGTH || !/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
  const [version, name, ...fields] = Buffer.from(cursor, 'base64url').toString('utf8').split('\0');
  return version === 'v1' && name === list && fields.length === fieldCount ? fields : null;
}

export function cursorNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}
