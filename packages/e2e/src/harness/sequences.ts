/** What takes several steps: an authorization and what follows it, a refund of what has been paid, a payment by the holder of a lock. */
import { MasCallFailed } from '@mas/client';
import type { Random } from '@mas/values';
import type { Books, Entry } from './books';
import type { WitnessedClient } from './witnessed-client';

export interface SequenceContext {
  readonly client: Pick<WitnessedClient, 'acquireLock' | 'releaseLock'>;
  readonly books: Books;
  readonly random: Random;
  /** Who pays, and who is paid. */
  readonly accounts: readonly string[];
  /** Ids of this load, the newest last. */
  readonly used: readonly string[];
  /** A new id whose home is this account's bucket. */
  readonly mint: (account: string) => string;
  /** Whether it committed. */
  readonly send: (entry: Entry) => Promise<boolean>;
  /** Nothing is begun any more. */
  readonly isOver: () => boolean;
}

const MAX_AMOUNT_MINOR = 100;
/** Short, for at the end somebody waits until the last has expired; long enough for a capture on a busy machine. */
const [LEAST_SECONDS, MORE_SECONDS] = [2, 3];
/** By how much a bucket's time may be ahead of what its clients' clock has counted. */
const CLOCKS_DIFFER_MS = 600;
const LOCK_MS = 3_000;
/** Of the newest, any one may be paid back. */
const RECENT = 200;

export function doSequence(context: SequenceContext): Promise<void> {
  const kind = context.random.unit();
  return kind < 0.5 ? twoSteps(context) : kind < 0.75 ? payBack(context) : whileLocked(context);
}

/** Captured in part, captured twice at once, given back, or left to expire. */
async function twoSteps(context: SequenceContext): Promise<void> {
  const { books, random, mint, send } = context;
  const [from = '', to = ''] = context.accounts;
  const minor = 1 + Math.floor(random.unit() * MAX_AMOUNT_MINOR);
  const expiresInSeconds = LEAST_SECONDS + Math.floor(random.unit() * MORE_SECONDS);
  const referenceId = mint(from);
  const authorization = books.asked({ id: referenceId, kind: 'authorization', from, amount: { minor: BigInt(minor) }, expiresInSeconds }, [], [from]);
  if (!(await send(authorization)) || context.isOver()) return;
  const capture = (): Entry => {
    const part = BigInt(1 + Math.floor(random.unit() * minor));
    const moves = [
      { account: from, deltaMinor: -part },
      { account: to, deltaMinor: part },
    ];
    return books.asked({ id: mint(from), kind: 'capture', referenceId, to, amount: { minor: part } }, moves);
  };
  const fate = random.unit();
  if (fate < 0.5) await onlyFollower(authorization, expiresInSeconds, capture(), context);
  else if (fate < 0.65) await Promise.all([send(capture()), send(capture())]);
  else if (fate < 0.8) await onlyFollower(authorization, expiresInSeconds, books.asked({ id: mint(from), kind: 'void', referenceId }, [], [from]), context);
}

/** Nothing else ends the authorization: before its time it must be open. */
async function onlyFollower({ input, startedAtMs }: Entry, expiresInSeconds: number, follower: Entry, { books, send }: SequenceContext): Promise<void> {
  await send(follower);
  const lastedMs = performance.now() - startedAtMs;
  if (follower.answer === 'aborted' && follower.reason?.startsWith('AUTHORIZATION_') === true && lastedMs < expiresInSeconds * 1000 - CLOCKS_DIFFER_MS)
    books.findings.push(
      `authorization ${input.id} was to last ${expiresInSeconds} s; after ${Math.round(lastedMs)} ms a ${follower.input.kind} was told ${follower.reason}`,
    );
}

/** Half of it, all of it, or more than is left. */
async function payBack({ books, random, used, mint, send }: SequenceContext): Promise<void> {
  const recent = used.slice(-RECENT);
  const paid = books.entry(recent[Math.floor(random.unit() * recent.length)] ?? '');
  const { from, to, amount, kind } = paid?.input ?? {};
  if (paid?.answer !== 'committed' || kind !== undefined || from === undefined || to === undefined || amount === undefined || !('minor' in amount)) return;
  const part = random.unit() < 0.5 ? (amount.minor + 1n) / 2n : random.unit() < 0.7 ? amount.minor : amount.minor + 1n;
  const moves = [
    { account: to, deltaMinor: -part },
    { account: from, deltaMinor: part },
  ];
  await send(books.asked({ id: mint(to), kind: 'refund', referenceId: paid.input.id, amount: { minor: part } }, moves));
}

/** Pays with the lock in hand, and gives it back or lets it run out. */
async function whileLocked({ client, books, random, mint, send, accounts }: SequenceContext): Promise<void> {
  const [from = '', to = ''] = accounts;
  try {
    const lock = await client.acquireLock(from, LOCK_MS);
    const minor = BigInt(1 + Math.floor(random.unit() * MAX_AMOUNT_MINOR));
    await send(books.asked({ id: mint(from), from, to, amount: { minor }, lockHandle: lock.handle }));
    if (random.unit() < 0.8) await client.releaseLock(lock);
  } catch (error) {
    // Held by somebody else, or nobody answers: no lock.
    if (!(error instanceof MasCallFailed)) throw error;
  }
}
