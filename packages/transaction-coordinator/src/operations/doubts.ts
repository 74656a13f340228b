/**
 * In doubt: which transactions are undecided, where, for how long and why; and RESOLVE, which an operator may force.
 * Forcing only asks: the home records what it records, and that is obeyed.
 */
import type { LegRow } from '@mas/ledger';
import { bucketsWithRows, slotOfAccount, type LeaderDirectory } from '@mas/placement';
import { globalTransaction, resolveTransaction, type UndecidedTransaction } from '@mas/two-phase-commit';
import type { AccountNumber, BucketId, TxnId } from '@mas/values';
import { HOMES_ASKED_FOR_DOUBTS } from '../coordinator-config';
import type { Caller, PaymentResult, Reply, UndecidedReport } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { resultOf } from '../payment/payment-result';
import { PaymentRun } from '../payment/payment-run';
import { MOVED_RETRY_MS } from '../payment/payments';
import type { RunServices } from '../payment/run-services';
import type { LegFinder } from '../reads/leg-finder';
import { failure, success, unanswered, withoutQuorum, withoutStore } from '../reply';
import { isUnreachable } from '../transport/bucket-link';
import type { TxnCoordinatorDAO } from '../txn-coordinator-dao';
import { openPayments } from './open-payments';

/** For the buckets, and again for the homes of what they have. */
const LOOK_PATIENCE_MS = 2_500;
const EXPLAINED_AT_ONCE = HOMES_ASKED_FOR_DOUBTS / 3;

interface Found {
  readonly bucket: BucketId;
  readonly transaction: UndecidedTransaction;
}

export class Doubts {
  constructor(
    private readonly services: RunServices,
    private readonly legFinder: LegFinder,
    private readonly directory: LeaderDirectory,
    private readonly dao: TxnCoordinatorDAO,
  ) {}

  async list(caller: Caller): Promise<Reply<UndecidedReport>> {
    const forbidden = operatorsOnly(caller.subject, 'Listing undecided transactions');
    if (forbidden !== null) return forbidden;
    const { link } = this.services;
    const readUntilMs = this.lookUntil(caller, 2);
    const buckets = bucketsWithRows(this.directory.placement().map);
    const perBucket = await Promise.all(
      buckets.map(async (bucket) => {
        const reply = await link.read(bucket, { kind: 'undecided', bucket }, readUntilMs);
        return reply.kind === 'undecided' ? reply.transactions.map((transaction) => ({ bucket, transaction })) : null;
      }),
    );
    const silent = buckets.filter((_, i) => perBucket[i] === null);
    const answered = perBucket.flatMap((found) => found ?? []);
    const explainUntilMs = this.lookUntil(caller, 1);
    const [transactions, payments] = await Promise.all([
      this.explained(answered, silent, explainUntilMs),
      openPayments(this.services, this.dao, new Set(answered.map(({ transaction }) => transaction.txn)), silent, explainUntilMs),
    ]);
    if (transactions.length + payments.length === 0 && silent.length > 0)
      return failure('unavailable', 'BUCKET_UNAVAILABLE', `Buckets ${silent.join(', ')} did not answer; what is undecided there is unknown.`);
    return success({ transactions, payments, silent });
  }

  async resolve(caller: Caller, txn: TxnId, account: AccountNumber): Promise<Reply<PaymentResult>> {
    const forbidden = operatorsOnly(caller.subject, 'Resolving a transaction');
    if (forbidden !== null) return forbidden;
    const found = await this.legOf(caller, txn, account);
    if (!found.ok) return found;
    const leg = found.value;
    if (leg === null || leg.body === null) return failure('not-found', 'PAYMENT_NOT_FOUND', `Account ${account} has no leg of transaction ${txn}.`, 'txn');
    this.services.logger.warn({ txn, account, subject: caller.subject }, 'an operator asks the home to resolve a transaction');
    const { clock, config, placements } = this.services;
    const plan = {
      txn,
      key: leg.key,
      homeSlot: leg.homeSlot,
      body: leg.body,
      subject: caller.subject,
      lockTokens: [],
      createdAtMs: clock.wallMs(),
      startedAtMs: clock.monotonicMs(),
      limits: {
        lockedRetryMs: config.lockedRetryMs,
        retryMinMs: config.retryBackoffMinMs,
        retryMaxMs: config.retryBackoffMaxMs,
        movedRetryMs: MOVED_RETRY_MS,
      },
    };
    const placing = placements.placing(leg.homeSlot, leg.body);
    return new Promise((resolve) => {
      const run = new PaymentRun(this.services, globalTransaction(plan, placing), {
        token: caller.token,
        deadlineMs: caller.deadlineMs,
        lockDenied: null,
        holdsLocks: false,
        onEnded: () => undefined,
        onAnswer: (answer) => {
          if (answer.kind === 'recorded') resolve(success(resultOf(answer.outcome)));
          else if (answer.kind === 'conflict')
            resolve(
              success({
                kind: 'aborted',
                txn,
                atMs: answer.bound.decision.atMs,
                body: plan.body,
                reason: { name: 'ID_CONFLICT', account: null, facts: { bound: answer.bound.txn } },
              }),
            );
          else if (answer.kind === 'unknown') resolve(success({ kind: 'unknown', txn, message: answer.message }));
          else if (answer.kind === 'no-quorum')
            resolve(withoutQuorum(answer.noQuorum, 'what is decided is not known until then, try again once more of them are up'));
          else if (answer.kind === 'no-store') resolve(withoutStore(answer.noStore, 'what is decided is not known until then, try again once it is back'));
          else resolve(failure(answer.error, 'TOKEN_REFUSED', `The token was refused: ${answer.reason}.`));
        },
      });
      run.takeOver(resolveTransaction(plan, placing, clock.monotonicMs()));
    });
  }

  /** Somebody who asks what is in doubt asks because something does not answer: that must not keep the rest from him. */
  private lookUntil({ deadlineMs }: Caller, roundsLeft: number): number {
    const { clock, config } = this.services;
    const nowMs = clock.monotonicMs();
    return nowMs + Math.min(LOOK_PATIENCE_MS, (deadlineMs - config.deadlineReserveMs - nowMs) / roundsLeft);
  }

  private async legOf(caller: Caller, txn: TxnId, account: AccountNumber): Promise<Reply<LegRow | null>> {
    const bucket = this.services.link.bucketOf(slotOfAccount(account));
    const reply = await this.services.link.read(bucket, { kind: 'undecided', bucket }, caller.deadlineMs);
    if (reply.kind !== 'undecided') return unanswered(reply, `The bucket of account ${account} does not answer; try again.`);
    const found = reply.transactions.find((transaction) => transaction.txn === txn && transaction.leg.account === account);
    return found === undefined ? this.legFinder.find(account, txn, caller.token, caller.deadlineMs) : success(found.leg);
  }

  private async explained(answered: readonly Found[], silent: readonly BucketId[], untilMs: number): Promise<UndecidedReport['transactions']> {
    const explained: (Found & { readonly home: string })[] = [];
    for (let i = 0; i < answered.length; i += EXPLAINED_AT_ONCE) {
      const some = answered.slice(i, i + EXPLAINED_AT_ONCE);
      explained.push(...(await Promise.all(some.map(async (found) => ({ ...found, home: await this.explain(found.transaction, silent, untilMs) })))));
    }
    return explained;
  }

  private async explain(transaction: UndecidedTransaction, silent: readonly BucketId[], untilMs: number): Promise<string> {
    const home = this.services.link.bucketOf(transaction.homeSlot);
    if (silent.includes(home)) return `Home bucket ${home} does not answer; the leg waits for its majority.`;
    const row = await this.services.link.query(transaction.key, transaction.homeSlot, untilMs);
    if (isUnreachable(row)) return `Home bucket ${home} does not answer (${row.reason}); the leg waits for its majority.`;
    if (row === null) return `Home bucket ${home} has recorded nothing yet; its payment is under way or will be aborted by resolution.`;
    if (row.txn !== transaction.txn) return `Home bucket ${home} has bound the id to transaction ${row.txn}; this one will be aborted.`;
    return `Home bucket ${home} has recorded ${row.decision.kind === 'committed' ? 'COMMITTED' : `ABORTED (${row.decision.reason.name})`}; the leg has yet to be told.`;
  }
}
