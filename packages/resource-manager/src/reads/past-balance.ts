/**
 * An account's balance at a moment of long ago, from its rows: from the last mark before the moment on, what was open then or came later is added up as far as its commit time
 * allows (docs/adr/0021). So it costs a few pages of rows, however long the history is.
 */
import { directionOf, type AccountRow, type LegRow } from '@mas/ledger';
import { InvariantViolation, type AccountNumber, type AmountMinor } from '@mas/values';
import type { BucketStore } from '../applied-store';

/** Rows per page; more than lie between two marks. */
const PAGE = 300;
/** Of the search for where the moment lies; every second one halves what is left. */
const MAX_STEPS = 100;

export type ListLegs = BucketStore['listLegs'];

export interface PastLegs {
  /** Which the sum begins with. */
  readonly baseMinor: AmountMinor;
  /** Legs that may have a commit time up to the moment: those that have it, and those that are prepared as far as the rows know. */
  readonly committed: readonly LegRow[];
  readonly prepared: readonly LegRow[];
}

/** @param account as the rows have it. @param us a moment that its rows have passed: legs prepared by then are there, in the state of then or of later */
export async function pastLegs(listLegs: ListLegs, account: AccountRow, us: number): Promise<PastLegs> {
  const { scanned, marked } = await scanBack(listLegs, account.number, await firstBehind(listLegs, account, us), us);
  const begun = marked?.mark ?? null;
  const later = begun === null ? scanned : scanned.filter(({ seq }) => seq > begun.lastSeq);
  const open = begun === null ? [] : await legsAt(listLegs, account.number, begun.openSeqs, scanned);
  const legs = [...later, ...open];
  return {
    baseMinor: marked?.journal?.balanceAfterMinor ?? (await openingOf(listLegs, account)),
    committed: legs.filter(({ state, commitUs }) => state === 'committed' && (commitUs ?? 0) <= us),
    prepared: legs.filter(({ state }) => state === 'prepared'),
  };
}

export function changeBy({ spec }: LegRow): AmountMinor {
  return BigInt(directionOf(spec.effect)) * spec.amountMinor;
}

/** A leg's promise, as far as it is known; legs by seq rise in it, but for tombstones, which are no promises. */
function promisedUs({ preparedUs, preparedAtMs }: LegRow): number {
  return preparedUs ?? preparedAtMs * 1000;
}

/** The first seq of a leg promised behind `us`, or one behind all. Between two guesses from how evenly legs came the middle is tried. */
async function firstBehind(listLegs: ListLegs, account: AccountRow, us: number): Promise<number> {
  let low = { seq: 0, us: account.createdUs ?? 0 };
  let high = { seq: account.lastSeq + 1, us: Number.POSITIVE_INFINITY };
  for (let step = 0; step < MAX_STEPS && high.seq - low.seq > 1; step += 1) {
    const share = step % 2 === 1 || !Number.isFinite(high.us) || high.us <= low.us ? 0.5 : (us - low.us) / (high.us - low.us);
    const probe = Math.min(high.seq, low.seq + 1 + Math.floor((high.seq - low.seq) * Math.min(1, Math.max(0, share))));
    const [[below], [above]] = await Promise.all([
      page(listLegs, account.number, 'newest-first', probe, 1),
      page(listLegs, account.number, 'oldest-first', probe - 1, 1),
    ]);
    if (below !== undefined && promisedUs(below) > us) high = { seq: below.seq, us: promisedUs(below) };
    else if (above === undefined || promisedUs(above) > us) return above?.seq ?? high.seq;
    else low = { seq: above.seq, us: promisedUs(above) };
  }
  return high.seq;
}

/** Legs below `behind`, newest first, down to where the sum may begin. */
async function scanBack(
  listLegs: ListLegs,
  number: AccountNumber,
  behind: number,
  us: number,
): Promise<{ readonly scanned: readonly LegRow[]; readonly marked: LegRow | null }> {
  const scanned: LegRow[] = [];
  for (let cursor = behind; ; ) {
    const legs = await page(listLegs, number, 'newest-first', cursor, PAGE);
    for (const leg of legs) {
      // A body is the most of a row, and an account without marks has all of its rows here.
      scanned.push(leg.state === 'prepared' ? leg : { ...leg, body: null });
      if (leg.mark !== null && leg.mark.momentUs <= us) return { scanned: scanned.filter((each) => promisedUs(each) <= us), marked: leg };
      cursor = leg.seq;
    }
    if (legs.length < PAGE) return { scanned: scanned.filter((each) => promisedUs(each) <= us), marked: null };
  }
}

/** Those that were open at a mark; most have been scanned. */
async function legsAt(listLegs: ListLegs, number: AccountNumber, seqs: readonly number[], scanned: readonly LegRow[]): Promise<readonly LegRow[]> {
  const known = new Map(scanned.map((leg) => [leg.seq, leg]));
  for (const seq of seqs) {
    if (known.has(seq)) continue;
    for (const leg of await page(listLegs, number, 'oldest-first', seq - 1, PAGE)) known.set(leg.seq, leg);
  }
  return seqs.flatMap((seq) => known.get(seq) ?? []);
}

/** What the account was opened with: what its journal's first position began at. */
async function openingOf(listLegs: ListLegs, { number, journalSeq, balanceMinor }: AccountRow): Promise<AmountMinor> {
  if (journalSeq === 0) return balanceMinor;
  for (let cursor: number | null = null; ; ) {
    const legs: readonly LegRow[] = await page(listLegs, number, 'oldest-first', cursor, PAGE);
    const first = legs.find(({ journal }) => journal?.seq === 1);
    if (first !== undefined) return (first.journal?.balanceAfterMinor ?? 0n) - changeBy(first);
    const last = legs[legs.length - 1];
    if (last === undefined || legs.length < PAGE) throw new InvariantViolation('a journal begins with its first position', { account: number, journalSeq });
    cursor = last.seq;
  }
}

function page(
  listLegs: ListLegs,
  account: AccountNumber,
  direction: 'newest-first' | 'oldest-first',
  cursorSeq: number | null,
  limit: number,
): Promise<readonly LegRow[]> {
  return listLegs({ account, direction, cursorSeq, limit, state: null, fromMs: null, untilMs: null });
}
