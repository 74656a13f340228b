/**
 * A small world in which all is well. ann and cid live in bucket 1, bob and dan in bucket 2. What happens to them, by id:
 *
 *   bill      ann pays bob 30                 gift     bob pays ann 10; the first try had no answer
 *   wish      dan has nothing to pay cid 15   deposit  ann puts 40 aside
 *   charge    25 of the deposit go to dan     refund   bob gives ann 5 of the bill back
 *   booking   bob puts 20 aside, still open   errand   cid pays dan 4; nobody heard the answer
 *   typo      is refused before anything
 *
 * Balances: ann 100 70 80 55 60, bob 50 80 70 65, cid 20 16, dan 0 25 29.
 */
import type { AbortReason } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { accountNumber, present } from '@mas/values';
import { auditHistory, Findings, type AccountHistory, type Finding, type LookUp, type ReadHistory } from '../index';
import { LedgerDraft } from './ledger-draft';
import { keyOf, USD } from './plan';

/** Changes one thing. */
export type Tamper = (world: LedgerDraft) => void;

/** When nothing of the story is under way any more. */
export const LATER_MS = 1_000;
const LOOK_UP_MS = 4;

export function soundLedger(): LedgerDraft {
  const world = new LedgerDraft();
  world.open('ann', 100n, 0n);
  world.open('bob', 50n, 0n);
  world.open('cid', 20n, 10n);
  world.open('dan', 0n, 0n);
  world.commit({
    id: 'bill',
    legs: [
      ['ann', 'debit', 30n],
      ['bob', 'credit', 30n],
    ],
    startMs: 100,
  });
  world.commit({
    id: 'gift',
    legs: [
      ['bob', 'debit', 10n],
      ['ann', 'credit', 10n],
    ],
    startMs: 200,
  });
  const [retry] = world.payment('gift').attempts;
  if (retry !== undefined) world.payment('gift').attempts.unshift({ ...retry, startMs: 195, endMs: null, answer: null });
  world.abort(
    {
      id: 'wish',
      legs: [
        ['dan', 'debit', 15n],
        ['cid', 'credit', 15n],
      ],
      preparedOn: ['cid'],
      startMs: 300,
    },
    shortOf('dan'),
  );
  world.commit({ id: 'deposit', kind: 'authorization', legs: [['ann', 'authorize', 40n]], startMs: 400 });
  world.commit({
    id: 'charge',
    kind: 'capture',
    reference: 'deposit',
    legs: [
      ['ann', 'capture', 25n],
      ['dan', 'credit', 25n],
    ],
    startMs: 500,
  });
  world.commit({
    id: 'refund',
    kind: 'refund',
    reference: 'bill',
    legs: [
      ['bob', 'refund-debit', 5n],
      ['ann', 'credit', 5n],
    ],
    startMs: 600,
  });
  world.commit({ id: 'booking', kind: 'authorization', legs: [['bob', 'authorize', 20n]], startMs: 700 });
  world.commit({
    id: 'errand',
    legs: [
      ['cid', 'debit', 4n],
      ['dan', 'credit', 4n],
    ],
    startMs: 800,
    isAnswered: false,
  });
  world.refuse({
    id: 'typo',
    legs: [
      ['ann', 'debit', 1n],
      ['bob', 'credit', 1n],
    ],
    startMs: 900,
  });
  read(world, 'committed', 150, 160, { ann: 70n, bob: 80n });
  read(world, 'uncommitted', 115, 118, { ann: 70n });
  read(world, 'committed', 630, 640, { ann: 60n, bob: 65n, cid: 20n, dan: 25n });
  read(world, 'cached', 650, 655, { bob: 80n });
  read(world, 'committed', 805, 830, { cid: 16n, dan: 29n });
  lookUp(world, 'bill', 'COMMITTED', 125);
  lookUp(world, 'wish', 'ABORTED', 330);
  lookUp(world, 'bill', 'PENDING', 123);
  lookUp(world, 'errand', 'PENDING', 805);
  lock(world, { ann: 1 }, 95, 99);
  lock(world, { cid: 2 }, 200, 205);
  // Another bucket counts by itself.
  lock(world, { bob: 1 }, 300, 301);
  lock(world, { ann: 9 }, 850, 900);
  world
    .bucketOf('ann')
    .locks.push({ slot: slotOfAccount(accountNumber('ann')), lockId: 'ann', mode: 'exclusive', owner: 'handle-3', token: 9, untilMs: 2_000, heldBy: '' });
  return world;
}

/** What the auditor says of the sound world with one change. */
export function findingsAfter(tamper: Tamper): readonly Finding[] {
  const world = soundLedger();
  tamper(world);
  return findingsOf(world);
}

export function findingsOf(world: LedgerDraft): readonly Finding[] {
  const findings = new Findings();
  auditHistory(world.evidence(), findings);
  return findings.list();
}

/** To be found among what the auditor says. */
export function finding(rule: string, text: RegExp): Finding {
  return { rule, text: expect.stringMatching(text) as string };
}

export function shortOf(account: string): AbortReason {
  return { name: 'INSUFFICIENT_FUNDS', account: accountNumber(account), facts: {} };
}

export function read(world: LedgerDraft, level: ReadHistory['level'], startMs: number, endMs: number, balances: Readonly<Record<string, bigint>>): void {
  const views = Object.entries(balances).map(([name, balanceMinor]) => {
    const { number, owner, minimumMinor, rev } = world.account(name);
    return {
      number,
      currency: USD,
      status: 'open' as const,
      owner,
      balanceMinor,
      minimumMinor,
      holdsMinor: null,
      pendingCreditsMinor: null,
      level,
      ageMs: null,
      momentUs: null,
      rev,
      createdAtMs: 0,
      bucket: world.bucketOf(name).bucket,
      leader: null,
    };
  });
  world.history.reads.push({ level, numbers: views.map((view) => view.number), startMs, endMs, views });
}

export function lookUp(world: LedgerDraft, id: string, state: LookUp['state'], endMs: number): void {
  world.history.lookUps.push({ key: keyOf(id), state, startMs: endMs - LOOK_UP_MS, endMs });
}

/** Given back at once, where nothing else is said. */
export function lock(world: LedgerDraft, tokens: Readonly<Record<string, number>>, askedMs: number, acquiredMs: number, releasedMs = acquiredMs): void {
  const handle = `handle ${world.history.locks.length}`;
  world.history.locks.push({
    lockIds: Object.keys(tokens),
    handle,
    tokens: new Map(Object.entries(tokens)),
    askedMs,
    acquiredMs,
    timeoutMs: 10_000,
    releasedMs,
  });
}

/** What is planned for an account. */
export function plannedOf(world: LedgerDraft, name: string): AccountHistory {
  return present(world.history.accounts.get(accountNumber(name)), `history of ${name}`);
}
