/**
 * Times as a person gives them: RFC 3339 or a date, in UTC unless a zone is given, and exactly what mas-client prints (with
 * --json: 13 digits of milliseconds). `Date.parse` is no help: it takes "5" and "Jan 5", reads what has no zone as local time,
 * and makes the 2nd of March of 2026-02-30.
 */
import { UsageError } from '../usage-error';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})?)?$/;
const MILLISECONDS = /^\d{13}$/;
const MICROSECONDS = /^\d{16}$/;
const EXPECTED = 'expected RFC 3339 or a date, as in 2026-01-31T12:00:00Z, 2026-01-31T13:00:00+01:00 or 2026-01-31; without a zone it is UTC';

/** Milliseconds since the epoch. @throws UsageError */
export function readTime(flag: string, text: string): number {
  if (MILLISECONDS.test(text)) return Number(text);
  const match = RFC_3339.exec(text);
  if (match === null) throw new UsageError(`${flag} is "${text}"; ${EXPECTED}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((part) => Number(part ?? '0'));
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const atMs = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  if (new Date(atMs).toISOString() !== isoOf(match, milliseconds)) throw new UsageError(`${flag} is "${text}": there is no such moment; ${EXPECTED}`);
  const offsetMs = zoneOffsetMs(match[8]);
  if (offsetMs === null) throw new UsageError(`${flag} is "${text}": there is no such zone; ${EXPECTED}`);
  if (atMs - offsetMs < 0) throw new UsageError(`${flag} is "${text}": it must not be before 1970`);
  return atMs - offsetMs;
}

/** Microseconds since the epoch, of a time with up to six digits behind the second, or of 16 digits, as --json prints them. @throws UsageError */
export function readMoment(flag: string, text: string): number {
  if (MICROSECONDS.test(text)) return Number(text);
  const ms = readTime(flag, text);
  const digits = RFC_3339.exec(text)?.[7] ?? '';
  return ms * 1_000 + Number(digits.slice(3, 6).padEnd(3, '0'));
}

/** What the moment must read back as: the 30th of February reads back as another day. */
function isoOf(match: RegExpExecArray, milliseconds: number): string {
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00'] = match;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.${String(milliseconds).padStart(3, '0')}Z`;
}

function zoneOffsetMs(zone: string | undefined): number | null {
  if (zone === undefined || /^[Zz]$/.test(zone)) return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  return hours > 23 || minutes > 59 ? null : (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
