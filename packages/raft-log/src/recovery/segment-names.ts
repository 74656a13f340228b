/** File names of segments: `000000000001.wal` and so on; `.new` until a segment is preallocated, synced and renamed. */
const NAME = /^(\d{12})\.wal$/;
const UNFINISHED = /^\d{12}\.new$/;

export function segmentName(sequence: number): string {
  return `${String(sequence).padStart(12, '0')}.wal`;
}

export function unfinishedName(sequence: number): string {
  return `${String(sequence).padStart(12, '0')}.new`;
}

/** undefined: not a segment. */
export function segmentSequence(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

export function isUnfinished(name: string): boolean {
  return UNFINISHED.test(name);
}
