/**
 * Cursors of lists: opaque to callers, checked when they come back. `v2`, the list's name, its fields, and a digest of these together
 * with the query that the list answers: one that was cut or edited, or comes from another query, would land on wrong rows.
 */
import type { Digest } from '../coordinator-ports';

export type CursorFields = readonly (string | number)[];

const MAX_CURSOR_LENGTH = 512;
/** Of the digest's hexadecimal digits: against accidents, not against forgery, which would show a caller nothing but his own rows. */
const CHECK_DIGITS = 16;

export class Cursors {
  constructor(private readonly digest: Digest) {}

  encode(list: string, query: CursorFields, fields: CursorFields): string {
    return Buffer.from(['v2', list, ...fields, this.check(list, query, fields)].join('\0'), 'utf8').toString('base64url');
  }

  /** Null for anything that encode did not give for this list and query. */
  decode(list: string, query: CursorFields, cursor: string, fieldCount: number): readonly string[] | null {
    if (cursor.length > MAX_CURSOR_LENGTH || !/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
    const [version, name, ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split('\0');
    const fields = rest.slice(0, -1);
    if (version !== 'v2' || name !== list || fields.length !== fieldCount) return null;
    // Base64 has spare bits at its end: only the very text that encode gave is one.
    return this.encode(list, query, fields) === cursor ? fields : null;
  }

  private check(list: string, query: CursorFields, fields: CursorFields): string {
    return this.digest([list, ...query, '', ...fields].join('\0')).slice(0, CHECK_DIGITS);
  }
}

export function cursorNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}
