/**
 * What an application pays with. Payments that are asked for at the same time share batches by themselves; everything that is asked
 * for again goes under the same id; lists are read page by page while they are looked at. Methods never throw for what happens
 * outside of this process: each ends as `{ ok: true, value }` or `{ ok: false, error }`.
 */
import type { CallLead } from '../calls/retrying-channel';
import { MasClient } from '../calls/mas-client';
import { encodePayment, type AmountInput, type PaymentInput } from '../calls/payment-calls';
import { readStatement } from '../statement/read-statement';
import { readsInTime } from '../statement/reads-in-time';
import type { Statement, StatementPeriod } from '../statement/statement';
import { accountOf, heldOf, movementOf, openedOf, paidOf, statusOf } from './from-wire';
import { failed, outcomeOf, success, type Outcome } from './outcome';
import { items } from './pages';
import type {
  Account,
  CallOptions,
  ClientOptions,
  HeldLocks,
  LockRequest,
  Movement,
  MovementFilter,
  NewAccount,
  OpenedAccount,
  PaidPayment,
  PaymentReference,
  PaymentRequest,
  PaymentStatus,
  ReadLevel,
} from './types';

const MAX_TIMEOUT_MS = 3_600_000;

/** One of these for a process: its connections and batches serve all callers. No method throws for what happens outside of this process: each ends as a value or an error. */
export class Client {
  private readonly calls: MasClient;

  /** Connects when it is first used. @throws RangeError for options that make no sense */
  constructor(options: ClientOptions) {
    this.calls = new MasClient(channelOptions(options));
  }

  /** The same connections, with another token, for example an account's own. Its payments share batches among themselves. */
  as(token: string): Client {
    return Object.assign(Object.create(Client.prototype) as Client, { calls: this.calls.with({ token }) });
  }

  /** Committed, or an error: also where an account has refused it (kind `aborted`, for example `INSUFFICIENT_FUNDS`). */
  pay(payment: PaymentRequest, options: CallOptions = {}): Promise<Outcome<PaidPayment>> {
    return this.ask(
      options,
      (_, lead) => this.calls.payments.pay(encodePayment(inputOf(payment)), lead),
      (result) => paidOf(payment.id, result),
    );
  }

  /** How a payment stands. */
  payment(payment: PaymentReference, options: CallOptions = {}): Promise<Outcome<PaymentStatus>> {
    return this.ask(
      options,
      (calls) => calls.getPayment(payment),
      (view) => success(statusOf(view)),
    );
  }

  /** Once per id; repeated, it answers the same, and signs the account's token again. */
  createAccount(account: NewAccount, options: CallOptions = {}): Promise<Outcome<OpenedAccount>> {
    const { openingBalanceMinor, minimumBalanceMinor, ...rest } = account;
    const amounts = { ...amount('openingBalance', openingBalanceMinor), ...amount('minimumBalance', minimumBalanceMinor) };
    return this.ask(
      options,
      (calls) => calls.createAccount({ ...rest, ...amounts }),
      (opened) => success(openedOf(opened)),
    );
  }

  /** Balance, status, owner. @param options `level`: how sure and how fresh, default committed */
  account(number: string, options: CallOptions & { readonly level?: ReadLevel } = {}): Promise<Outcome<Account>> {
    return this.ask(
      options,
      (calls) => calls.getAccount(number, options.level),
      (view) => success(accountOf(view)),
    );
  }

  /** All as of one moment. @param options `atUs`: as of that one, level committed only */
  accounts(
    numbers: readonly string[],
    options: CallOptions & { readonly level?: ReadLevel; readonly atUs?: number } = {},
  ): Promise<Outcome<readonly Account[]>> {
    return this.ask(
      options,
      (calls) => calls.getAccounts(numbers, options.level, options.atUs ?? null),
      (views) => success(views.map(accountOf)),
    );
  }

  /** Freezes, unfreezes or closes it; operators. @param change `id` is this request's, kept for retries */
  changeAccount(
    change: { readonly id: string; readonly number: string; readonly change: 'freeze' | 'unfreeze' | 'close' },
    options: CallOptions = {},
  ): Promise<Outcome<Account>> {
    return this.ask(
      options,
      (calls) => calls.changeAccount(change),
      (view) => success(accountOf(view)),
    );
  }

  /** Every account, for operators; an error is the last that comes. */
  listAccounts(options: CallOptions = {}): AsyncIterableIterator<Outcome<Account>> {
    return items((pageToken) =>
      this.ask(
        options,
        (calls) => calls.listAccounts({ pageToken }),
        (page) => success({ items: page.accounts.map(accountOf), next: page.nextCursor }),
      ),
    );
  }

  /** What payments have done to an account; an error is the last that comes. */
  movements(account: string, filter: MovementFilter = {}, options: CallOptions = {}): AsyncIterableIterator<Outcome<Movement>> {
    return items((pageToken) =>
      this.ask(
        options,
        (calls) => calls.listPayments({ ...filter, account, pageToken }),
        (page) => success({ items: page.legs.map(movementOf), next: page.nextCursor }),
      ),
    );
  }

  /**
   * What an account had, every payment that moved its money in the order of commit times, and what it has, as of one moment. It adds up, or there is none; that of a period which
   * is over is the same whenever it is asked for. At most 200,000 movements: beyond that `STATEMENT_TOO_LONG`, and a shorter period is wanted. `timeoutMs` is for all of it.
   */
  statement(account: string, period: StatementPeriod = {}, options: CallOptions = {}): Promise<Outcome<Statement>> {
    return this.ask(options, (calls) => readStatement(readsInTime(calls), account, period), success);
  }

  /** Held until released, or until its time is over: refresh it before. `LOCK_HELD`: somebody else has one of them. */
  lock({ holdMs, ...request }: LockRequest, options: CallOptions = {}): Promise<Outcome<HeldLocks>> {
    const hold = holdMs === undefined ? {} : { timeoutMs: holdMs };
    return this.ask(
      options,
      (calls) => calls.acquireLock({ ...request, ...hold }),
      (held) => success(heldOf(held)),
    );
  }

  /** They are held for so long from now on. @param holdMs 0: the server's own time */
  refreshLock({ handle, locks }: HeldLocks, holdMs = 0, options: CallOptions = {}): Promise<Outcome<HeldLocks>> {
    return this.ask(
      options,
      (calls) => calls.refreshLock(idsOf(locks), handle, holdMs),
      (held) => success(heldOf({ handle, ...held })),
    );
  }

  /** Gives them back. */
  unlock({ handle, locks }: Pick<HeldLocks, 'handle' | 'locks'>, options: CallOptions = {}): Promise<Outcome<null>> {
    return this.ask(
      options,
      (calls) => calls.releaseLock(idsOf(locks), handle),
      () => success(null),
    );
  }

  /** Ends what is under way, also that of clients made by `as`. */
  close(): void {
    this.calls.close();
  }

  private ask<Answer, Value>(
    { timeoutMs, signal }: CallOptions,
    call: (calls: MasClient, lead: CallLead) => Promise<Answer>,
    read: (answer: Answer) => Outcome<Value>,
  ): Promise<Outcome<Value>> {
    if (timeoutMs !== undefined && !isTimeout(timeoutMs)) return Promise.resolve(failed('invalid', 'TIMEOUT_INVALID', TIMEOUT_RANGE, { field: 'timeoutMs' }));
    const lead = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal === undefined ? {} : { signal }) };
    return outcomeOf(() => call(timeoutMs === undefined && signal === undefined ? this.calls : this.calls.with(lead), lead), read);
  }
}

const TIMEOUT_RANGE = `timeoutMs is a number of milliseconds from 1 to ${MAX_TIMEOUT_MS}.`;

function isTimeout(timeoutMs: number): boolean {
  return timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS;
}

function channelOptions({ ca, ...options }: ClientOptions): ConstructorParameters<typeof MasClient>[0] {
  if (options.timeoutMs !== undefined && !isTimeout(options.timeoutMs)) throw new RangeError(TIMEOUT_RANGE);
  return { ...options, ca: ca === undefined ? null : Buffer.from(ca) };
}

function inputOf({ amountMinor, currency, legs, of, ...payment }: PaymentRequest): PaymentInput {
  return {
    ...payment,
    ...(amountMinor === undefined ? {} : { amount: money(amountMinor, currency) }),
    ...(legs === undefined
      ? {}
      : { legs: legs.map((leg) => ({ account: leg.account, direction: leg.direction, amount: money(leg.amountMinor, leg.currency) })) }),
    ...(of === undefined ? {} : 'id' in of ? { referenceId: of.id } : { referenceTxn: of }),
  };
}

function money(minor: bigint, currency: string | undefined): AmountInput {
  if (typeof minor !== 'bigint') throw new TypeError('an amount is a bigint of minor units, like 1250n; toMinor makes one of a decimal text');
  return currency === undefined ? { minor } : { minor, currency };
}

function amount<Name extends string>(name: Name, minor: bigint | undefined): Partial<Record<Name, AmountInput>> {
  return minor === undefined ? {} : ({ [name]: money(minor, undefined) } as Record<Name, AmountInput>);
}

function idsOf(locks: HeldLocks['locks']): readonly string[] {
  return locks.map(({ lockId }) => lockId);
}
