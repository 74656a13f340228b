/** What must hold in the model: after every step, and once nothing is undecided or untold. Written against rows alone. */
import { invariant } from '@mas/values';
import { directionOf, Ledger, MemoryRows, emptyBucket, rowText, type AccountRow, type Instruction, type LegRow, type Outcome } from '../index';
import { homeOf, slotOf, type Payment } from './builders';
import type { Model } from './model';
import type { TestBucket } from './test-bucket';

export function checkStep(model: Model): void {
  for (const bucket of model.buckets.values()) {
    // Looked at only: lent, they would not change in place any more.
    for (const row of bucket.rows.accounts.values()) checkAccount(row);
  }
}

/** After an instruction that has been applied. */
export function checkMoment({ ledger: { momentUs } }: TestBucket, beforeUs: number, instruction: Instruction): void {
  invariant(momentUs > beforeUs, 'moments rise strictly', { momentUs, beforeUs, instruction: instruction.kind });
  const told = instruction.kind === 'commit' ? [instruction] : instruction.kind === 'commit-many' ? instruction.legs : [];
  invariant(
    told.every(({ commitUs }) => commitUs !== null && commitUs <= momentUs),
    'a bucket stands where its money arrived, or behind',
    { momentUs, instruction: instruction.kind },
  );
}

export function checkQuiet(model: Model): void {
  let issued = 0n;
  let balances = 0n;
  for (const bucket of model.buckets.values()) {
    same('the bucket adds up', bucket.differences().join(' '), '');
    const pinned = bucket.pinnedTexts();
    same('what is kept in memory is what a restart reads', pinned.kept, pinned.rebuilt);
    checkNothingReserved(bucket);
    checkReplay(bucket);
    checkOrder(bucket);
    for (const amount of bucket.ledger.meta().issued.values()) issued += amount;
    for (const row of bucket.rows.sortedAccounts()) balances += row.balanceMinor;
  }
  invariant(issued === balances, 'money is conserved', { issued, balances });
  for (const p of model.payments) {
    checkAgreement(model, p);
    checkLimit(model, p);
  }
}

function checkAccount({ number, balanceMinor, holdsMinor, pendingCreditsMinor, minimumMinor }: AccountRow): void {
  const sound = balanceMinor - holdsMinor >= minimumMinor && holdsMinor >= 0n && pendingCreditsMinor >= 0n;
  invariant(sound, 'an account never promises what it does not have', { number, balanceMinor, holdsMinor, pendingCreditsMinor, minimumMinor });
}

/** Open authorizations are the only thing that may still hold money. */
function checkNothingReserved(bucket: TestBucket): void {
  const legs = bucket.rows.sortedLegs();
  for (const account of bucket.rows.sortedAccounts()) {
    const open = legs.filter((row) => row.account === account.number && row.reservation?.status === 'open');
    const reserved = open.reduce((sum, row) => sum + (row.reservation?.reservedMinor ?? 0n), 0n);
    invariant(account.holdsMinor === reserved && account.pendingCreditsMinor === 0n, 'nothing is held for payments that are over', {
      account: account.number,
      holds: account.holdsMinor,
      reserved,
    });
  }
  invariant(
    legs.every((row) => row.state !== 'prepared' && row.reservation?.status !== 'capturing'),
    'nothing is in doubt',
  );
}

/** All legs of a payment, in all buckets, say what its home says; a payment without a home record moved nothing. */
function checkAgreement(model: Model, p: Payment): void {
  const recorded = model.homeOf(p).rows.outcome(p.key);
  const committed = recorded?.txn === p.txn && recorded.decision.kind === 'committed';
  for (const spec of p.body.legs) {
    const row: LegRow | undefined = model.bucketOf(spec.account).leg(spec.account, p.txn);
    const agrees = committed ? row?.state === 'committed' : row === undefined || row.state === 'aborted';
    invariant(agrees, 'every leg says what the home says', { txn: p.txn, account: spec.account, committed, leg: row?.state });
    if (committed && row !== undefined)
      checkCommitTime(row, recorded.decision.kind === 'committed' ? recorded.decision.commitUs : null, model.isAtHome(spec.account, p));
  }
}

/** One commit time for all of a payment, behind each promise; what is promised and committed at home at once has one moment. */
function checkCommitTime({ txn, account, preparedUs, commitUs }: LegRow, homesUs: number | null, isAtHome: boolean): void {
  invariant(commitUs !== null && commitUs === homesUs, 'a leg is committed when its home says', { txn, account, commitUs, homesUs });
  invariant(preparedUs !== null && (preparedUs < commitUs || (isAtHome && preparedUs === commitUs)), 'a payment is committed behind its promises', {
    txn,
    account,
    preparedUs,
    commitUs,
  });
}

/** In the order of commit times no account is ever below its minimum: money comes before it is spent. */
function checkOrder(bucket: TestBucket): void {
  const legs = [...bucket.rows.sortedLegs()].filter((row) => row.journal !== null).sort((a, b) => (a.commitUs ?? 0) - (b.commitUs ?? 0));
  for (const { number, balanceMinor: finallyMinor, minimumMinor, createdUs } of bucket.rows.sortedAccounts()) {
    const own = legs.filter(({ account }) => account === number);
    let balanceMinor = finallyMinor - own.reduce((sum, { spec }) => sum + BigInt(directionOf(spec.effect)) * spec.amountMinor, 0n);
    for (const { spec, commitUs, txn } of own) {
      balanceMinor += BigInt(directionOf(spec.effect)) * spec.amountMinor;
      invariant(balanceMinor >= minimumMinor && (createdUs ?? 0) < (commitUs ?? 0), 'money comes before it is spent', {
        number,
        txn,
        balanceMinor,
        minimumMinor,
        commitUs,
        createdUs,
      });
    }
  }
}

/** What captures and refunds took together from a payment is not more than it gave. */
function checkLimit(model: Model, original: Payment): void {
  for (const spec of original.body.legs) {
    const taken = model
      .bucketOf(spec.account)
      .rows.sortedLegs()
      .filter((row) => row.account === spec.account && row.state === 'committed' && row.spec.effect !== 'credit' && row.body?.reference?.txn === original.txn)
      .reduce((sum, row) => sum + row.spec.amountMinor, 0n);
    const limit = spec.effect === 'authorize' || spec.effect === 'credit' ? spec.amountMinor : 0n;
    invariant(taken <= limit, 'captures and refunds stay within their original', { txn: original.txn, account: spec.account, taken, limit });
  }
}

/** The same entries at the same indexes, on an empty bucket, give the same rows and the same answers. */
function checkReplay(bucket: TestBucket): void {
  const rows = new MemoryRows();
  const ledger = new Ledger(emptyBucket(bucket.ledger.meta().bucket), { prepared: [], openAuthorizations: [], undelivered: [], locks: [] }, slotOf, homeOf);
  const outcomes: Outcome[][] = bucket.entries.map((entry, i) => ledger.apply(entry, rows, i + 1));
  same('outcomes repeat', outcomesText(outcomes), outcomesText(bucket.outcomes));
  const text = [ledger.meta(), ...rows.sortedAccounts(), ...rows.sortedLegs(), ...rows.sortedOutcomes(), ...rows.sortedLocks()].map(rowText).join('\n');
  same('rows repeat', text, bucket.text());
}

function outcomesText(outcomes: readonly (readonly Outcome[])[]): string {
  return JSON.stringify(outcomes, (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

function same(what: string, found: string, expected: string): void {
  invariant(found === expected, what, found === expected ? {} : { found: found.slice(0, 2000), expected: expected.slice(0, 2000) });
}
