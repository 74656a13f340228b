/**
 * Creating and changing accounts. First the id is bound to the request at the id's own home (BIND), so that it serves no other
 * one of any kind; then one instruction to the account's bucket, idempotent by itself. Each is asked again through moved
 * slots, locks in force and undecided credits until the deadline.
 */
import { changeBody, changeRecordKey, creationBody, txnPreimage, type AccountRow, type Instruction, type PaymentBody, type Refusal } from '@mas/ledger';
import { slotOfAccount, type LeaderDirectory } from '@mas/placement';
import type { ItemOutcome } from '@mas/two-phase-commit';
import { delay, present, txnId, unreachable, type AccountNumber, type Clock, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { Digest } from '../coordinator-ports';
import type { AccountView, Caller, CreateAccountRequest, Reply, RequestError } from '../coordinator-service';
import { identityOf, operatorsOnly, type Identity } from '../payment/identity';
import { idConflict } from '../payment/payment-result';
import type { PlacementKeeper } from '../placement-keeper';
import { crowded, failure, success, withoutQuorum, withoutStore } from '../reply';
import { isUnreachable, type BucketLink } from '../transport/bucket-link';
import { viewOfRow } from './account-view';

export interface AccountServices {
  readonly link: BucketLink;
  readonly directory: LeaderDirectory;
  readonly placements: PlacementKeeper;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly config: CoordinatorConfig;
}

/** `row` null: the step has no account to show. */
type Changed = { readonly row: AccountRow | null; readonly fresh: boolean };

export class Accounts {
  constructor(private readonly services: AccountServices) {}

  async create(caller: Caller, request: CreateAccountRequest): Promise<Reply<{ readonly account: AccountView; readonly created: boolean }>> {
    const forbidden = operatorsOnly(caller.subject, 'Creating an account');
    if (forbidden !== null) return forbidden;
    const identity = identityOf(caller.subject, request.id);
    if (!identity.ok) return identity;
    if (request.openingBalanceMinor < 0n) return failure('invalid', 'AMOUNT_NEGATIVE', 'An opening balance is not below zero.', 'opening_balance');
    const { number, currency, openingBalanceMinor, minimumMinor, owner } = request;
    const { key } = identity.value;
    const body = creationBody(request);
    const txn = this.txnOf(key, body);
    const creation = { kind: 'create-account', key, txn, number, currency, openingBalanceMinor, minimumMinor, owner, subject: caller.subject } as const;
    const slot = slotOfAccount(number);
    const crowd = this.crowd(slot, identity.value);
    if (crowd !== null) return crowd;
    // First what would be refused, so that a refused request does not use its id up; then the id, at its own home; then the account.
    const checked = await this.instruct(caller, slot, number, () => ({ ...creation, checkOnly: true }), body);
    if (!checked.ok) return (await this.boundToAnother(caller, identity.value, txn, body)) ?? checked;
    if (checked.value.row !== null) return success({ account: viewOfRow(checked.value.row, this.services.directory), created: false });
    const bound = await this.bind(caller, identity.value, txn, number, body);
    if (!bound.ok) return bound;
    const created = await this.instruct(caller, slot, number, () => ({ ...creation, checkOnly: false }), body);
    if (!created.ok) return created;
    return success({ account: viewOfRow(present(created.value.row, 'account that was created'), this.services.directory), created: created.value.fresh });
  }

  async change(
    caller: Caller,
    request: { readonly id: string; readonly number: AccountNumber; readonly change: 'freeze' | 'unfreeze' | 'close' },
  ): Promise<Reply<AccountView>> {
    const forbidden = operatorsOnly(caller.subject, 'Changing an account');
    if (forbidden !== null) return forbidden;
    const { number } = request;
    const identity = identityOf(caller.subject, request.id);
    if (!identity.ok) return identity;
    const { key } = identity.value;
    const change = { kind: request.change } as const;
    const body = changeBody(number, change);
    const txn = this.txnOf(key, body);
    const crowd = this.crowd(slotOfAccount(number), identity.value);
    if (crowd !== null) return crowd;
    const bound = await this.bind(caller, identity.value, txn, number, body);
    if (!bound.ok) return bound;
    const record = changeRecordKey(key, txn, number);
    const recordTxn = this.txnOf(record, body);
    const changed = await this.instruct(
      caller,
      slotOfAccount(number),
      number,
      (undecided) => ({ kind: 'change-account', key: record, txn: recordTxn, number, change, subject: caller.subject, lockToken: null, undecided }),
      body,
    );
    return changed.ok ? success(viewOfRow(present(changed.value.row, 'account that was changed'), this.services.directory)) : changed;
  }

  /** From here on the id is this request's, for good: whoever comes with the same id and asks for anything else hears a conflict. */
  private bind(caller: Caller, { key, homeSlot }: Identity, txn: TxnId, number: AccountNumber, body: PaymentBody): Promise<Reply<Changed>> {
    return this.instruct(caller, homeSlot, number, () => ({ kind: 'bind-id', key, txn, homeSlot, body, subject: caller.subject }), body);
  }

  /** A request that is refused anyway hears first that its id is not its own. A home that does not answer does not keep the refusal from him. */
  private async boundToAnother(caller: Caller, { key, homeSlot }: Identity, txn: TxnId, body: PaymentBody): Promise<Reply<never> | null> {
    const row = await this.services.link.query(key, homeSlot, caller.deadlineMs - this.services.config.deadlineReserveMs);
    return row === null || isUnreachable(row) || row.txn === txn ? null : idConflict(row, body);
  }

  private crowd(slot: Slot, { homeSlot }: Identity): Reply<never> | null {
    const { link } = this.services;
    const found = link.crowded([link.bucketOf(homeSlot), link.bucketOf(slot)]);
    return found === null ? null : crowded(found);
  }

  private txnOf(key: PaymentKey, body: PaymentBody): TxnId {
    return txnId(this.services.digest(txnPreimage(1, key, body)));
  }

  /** Until the bucket has given a final answer or the deadline has come. */
  private async instruct(
    caller: Caller,
    slot: Slot,
    number: AccountNumber,
    instructionOf: (undecided: readonly TxnId[]) => Instruction,
    body: PaymentBody,
  ): Promise<Reply<Changed>> {
    const { link, placements, clock, config } = this.services;
    const untilMs = caller.deadlineMs - config.deadlineReserveMs;
    let undecided: readonly TxnId[] = [];
    let lastHoldUp: RequestError | null = null;
    while (clock.monotonicMs() < untilMs) {
      const bucket = link.bucketOf(slot);
      const reply = await link.instruct(bucket, 'phase-1', instructionOf(undecided), caller.token, untilMs);
      if (reply.kind === 'unauthenticated') return failure('unauthenticated', 'TOKEN_REFUSED', `The token was refused: ${reply.reason}.`);
      if (reply.kind === 'permission-denied') return failure('permission-denied', 'NOT_AUTHORIZED', `The token was refused: ${reply.reason}.`);
      if (reply.kind === 'unreachable' && reply.isCrowded === true) return crowded(reply);
      if (reply.kind === 'unreachable' && reply.noQuorum !== undefined && !reply.noQuorum.perhapsDone)
        return withoutQuorum(reply.noQuorum, 'this attempt has not changed the account, ask again with the same id once more of them are up');
      if (reply.kind === 'unreachable' && reply.noStore?.perhapsDone === false)
        return withoutStore(reply.noStore, 'this attempt has not changed the account, ask again with the same id once it is back');
      if (reply.kind === 'unreachable') {
        return failure(
          'unavailable',
          'OUTCOME_UNKNOWN',
          `The bucket of account ${number} did not answer (${reply.reason}); whether it was done is unknown, ask again with the same id.`,
          null,
          { account: number },
        );
      }
      const final = finalReply(reply.outcome, number, body);
      if (final.kind === 'final') return final.reply;
      lastHoldUp = final.error;
      if (final.kind === 'moved') await placements.refresh();
      else if (final.kind === 'wait') undecided = final.undecided;
      else await this.pause();
    }
    return lastHoldUp === null
      ? failure(
          'deadline-exceeded',
          'DEADLINE_EXCEEDED',
          `The deadline had passed before the bucket of account ${number} was asked; this attempt has not changed the account, ask again with the same id.`,
        )
      : { ok: false, error: lastHoldUp };
  }

  private pause(): Promise<void> {
    return delay(this.services.clock, this.services.config.retryBackoffMaxMs);
  }
}

type Final =
  | { readonly kind: 'final'; readonly reply: Reply<Changed> }
  | { readonly kind: 'moved' | 'locked'; readonly error: RequestError }
  | { readonly kind: 'wait'; readonly error: RequestError; readonly undecided: readonly TxnId[] };

function finalReply(outcome: ItemOutcome, number: AccountNumber, body: PaymentBody): Final {
  switch (outcome.kind) {
    case 'account':
      return { kind: 'final', reply: success({ row: outcome.account, fresh: outcome.fresh }) };
    case 'refused':
      return { kind: 'final', reply: refused(outcome.refusal) };
    case 'conflict':
      return { kind: 'final', reply: idConflict(outcome.bound, body) };
    case 'locked':
      return {
        kind: 'locked',
        error: failure(
          'aborted',
          'LOCK_TIMEOUT',
          `Account ${number} was locked by another owner until the deadline; this attempt has not changed it, ask again with the same id.`,
          null,
          { account: number, lock: outcome.lock.lockId },
        ).error,
      };
    case 'wait':
      return {
        kind: 'wait',
        undecided: outcome.undecided.map((leg) => leg.txn),
        error: failure('failed-precondition', 'ACCOUNT_NOT_EMPTY', `Account ${number} has undecided credits; try again later.`, null, { account: number })
          .error,
      };
    case 'wrong-bucket':
      return {
        kind: 'moved',
        error: failure('unavailable', 'SLOT_MOVING', `The slot of account ${number} is moving; try again.`, null, { account: number }).error,
      };
    case 'decided':
      return { kind: 'final', reply: success({ row: null, fresh: outcome.fresh }) };
    case 'done':
      return { kind: 'final', reply: success({ row: null, fresh: true }) };
    case 'prepared':
    case 'leg-ended':
    case 'lock':
    case 'lock-released':
    case 'each':
    case 'move':
    case 'alarm':
      return { kind: 'final', reply: failure('internal', 'UNEXPECTED_OUTCOME', `The bucket answered ${outcome.kind}.`) };
    default:
      return unreachable(outcome, 'outcome');
  }
}

function refused(refusal: Refusal): Reply<never> {
  const { name, facts } = refusal;
  const account = refusal.account ?? '';
  switch (name) {
    case 'ACCOUNT_EXISTS':
      return failure('already-exists', name, `Account ${account} exists already, created by another request.`, 'number', facts);
    case 'ACCOUNT_NUMBER_REFUSED':
      return failure('invalid', name, `The policy does not allow the account number ${account}.`, 'number', facts);
    case 'OPENING_BALANCE_BELOW_MINIMUM':
      return failure('invalid', name, 'The opening balance is below the minimum balance.', 'opening_balance', facts);
    case 'NOT_AUTHORIZED':
      return failure('permission-denied', name, 'The token does not allow this.', null, facts);
    case 'ACCOUNT_NOT_FOUND':
      return failure('not-found', name, `Account ${account} does not exist.`, 'number', facts);
    case 'ACCOUNT_NOT_EMPTY':
      return failure('failed-precondition', name, `Account ${account} still holds or awaits money; only an empty account can be closed.`, null, facts);
    default:
      return failure('failed-precondition', name, `The bucket refused: ${name} (account ${account}).`, null, facts);
  }
}
