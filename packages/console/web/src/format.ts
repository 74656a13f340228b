/** Numbers and times as people read them. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return '\u2013';
  return perSecond >= 100 ? whole(perSecond) : perSecond === 0 ? '0' : perSecond.toFixed(1);
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function ms(value: number | null): string {
  if (value === null) return '\u2013';
  if (value >= 10_000) return `${(value / 1000).toFixed(0)} s`;
  return value >= 100 ? `${value.toFixed(0)} ms` : `${value.toFixed(1)} ms`;
}

/** How long ago, or for how long. */
export function duration(valueMs: number): string {
  const seconds = Math.max(0, valueMs / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** With thousands apart: `1,234,567.89`; the digits are never touched. */
export function amount(decimal: string): string {
  const [, sign = '', digits = '', rest = ''] = /^([-+\u2212]?)(\d+)(.*)$/.exec(decimal) ?? [];
  return `${sign}${digits.replace(/\B(?=(\d{3})+$)/g, ',')}${rest}`;
}

export function dateTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(atMs)}`;
}

export function clock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((value) => String(value).padStart(2, '0')).join(':');
}

/** RFC 3339 in UTC, to the microsecond: as mas-client prints and takes it. */
export function moment(us: number): string {
  return new Date(Math.floor(us / 1_000)).toISOString().replace('Z', `${String(us % 1_000).padStart(3, '0')}Z`);
}

/** Those that did not answer. */
export function silentBuckets(buckets: readonly number[]): string {
  return buckets.length === 1 ? `Bucket ${buckets[0] ?? ''} does not answer` : `Buckets ${buckets.join(', ')} do not answer`;
}

export function shortTxn(txn: string): string {
  return `${txn.slice(0, 8)}\u2026${txn.slice(-4)}`;
}
