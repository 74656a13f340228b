/**
 * A bucket's counters end where integers are no longer exact (2^53), and nothing that has begun may be stuck there: from
 * half of the log's last index on a bucket begins nothing new, and what is under way still has as many entries again to
 * end in. An entry raises revs, journals and lock tokens by less than 2^13 each and a leg's sequence holds its index times
 * 2^12, so the index bounds them; the bucket's own rev, raised by every leg, has a bound of its own. At ten thousand entries
 * a second this is three and a half years away; the way out is another bucket.
 */
import type { Applying } from './applying';
import { refused, type Refused } from './verdict';

export const LAST_BEGINNING_INDEX = 2 ** 40;
/** What the index is to a leg's seq, also where that begins above others that have come with slots. */
const LAST_BEGINNING_SEQ = 2 ** 52;
export const LAST_BEGINNING_REV = 2 ** 52;

export function checkRoomInBucket(a: Applying): Refused | null {
  if (a.raftIndex < LAST_BEGINNING_INDEX && a.seqFloor() < LAST_BEGINNING_SEQ && a.state.rev < LAST_BEGINNING_REV) return null;
  return refused('BUCKET_FULL', null, { bucket: String(a.state.bucket), index: String(a.raftIndex), rev: String(a.state.rev) });
}
