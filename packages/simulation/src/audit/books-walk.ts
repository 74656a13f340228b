/**
 * Keeps the books beside one bucket's log (books.ts; they are one for all buckets, for accounts move between them) and asks of each promise whether it might be given, of each refusal whether it was true, and of
 * each checkpoint whether the database was given what stands in the books: holds are explained by open promises at every moment, not only at rest.
 */
import { show, type Findings } from '@mas/auditor';
import type { AbortReason, Instruction, LegSpec, Outcome, PaymentBody, Subject } from '@mas/ledger';
import type { AccountNumber, BucketId, PaymentKey, TxnId } from '@mas/values';
import { accountDiffers, legDiffers, type AccountSeen, type Books, type LegSeen, type Standing } from './books';

/** What a database was given of a bucket at a position of its log. */
export interface CheckpointSeen {
  readonly rm: string;
  readonly accounts: readonly AccountSeen[];
  readonly legs: readonly LegSeen[];
}

interface Asked {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly body: PaymentBody;
  readonly subject: Subject;
  readonly undecided: readonly TxnId[];
}

const EXPIRY_MAY_TAKE_MS = 20_000;

type Verdict = readonly [rule: string, why: string] | null;

export class BooksWalk {
  private stampMs = 0;

  constructor(
    private readonly bucket: BucketId,
    private readonly books: Books,
    /** Whether the bucket has the account's slot now. */
    private readonly owns: (account: AccountNumber) => boolean,
    private readonly findings: Findings,
  ) {}

  entry(stampMs: number): void {
    this.stampMs = stampMs;
  }

  endEntry(checkpoints: readonly CheckpointSeen[]): void {
    for (const checkpoint of checkpoints) this.compare(checkpoint);
  }

  step(instruction: Instruction, outcome: Outcome, atMs: number): void {
    this.apply(instruction, outcome);
    this.books.endStep(atMs);
  }

  private apply(instruction: Instruction, outcome: Outcome): void {
    switch (instruction.kind) {
      case 'create-account':
        if (outcome.kind === 'account' && outcome.fresh) this.books.open(instruction.number, outcome.account.balanceMinor, outcome.account.minimumMinor);
        return;
      case 'change-account':
        if (outcome.kind === 'account' && outcome.fresh) this.change(instruction);
        return;
      case 'prepare':
        this.prepare(instruction, outcome);
        return;
      case 'decide-commit':
        this.expectNewWaits(instruction, outcome);
        if (outcome.kind === 'decided' && outcome.fresh) this.decided(instruction, outcome);
        return;
      case 'decide-abort':
      case 'resolve':
        if (outcome.kind === 'decided' && outcome.fresh) this.aborted(outcome);
        return;
      case 'commit':
        if (outcome.kind === 'leg-ended') this.books.commit(instruction.account, instruction.txn);
        return;
      case 'commit-many':
        instruction.legs.forEach(({ account, txn }, at) => {
          if ((outcome.kind === 'each' ? outcome.outcomes[at] : outcome)?.kind === 'done') this.books.commit(account, txn);
        });
        return;
      case 'rollback':
        if (outcome.kind === 'leg-ended') this.books.abort(instruction.account, instruction.txn, instruction.spec, this.stampMs);
        return;
      case 'expire':
        if (outcome.kind !== 'wrong-bucket') this.books.expire(instruction.account, instruction.txn, this.stampMs);
        return;
      default:
        return;
    }
  }

  private prepare(instruction: Extract<Instruction, { kind: 'prepare' }>, outcome: Outcome): void {
    const { account, txn, body } = instruction;
    const spec = body.legs.find((leg) => leg.account === account);
    if (spec === undefined || this.books.leg(account, txn) !== undefined) return;
    this.expectNewWaits(instruction, outcome);
    if (outcome.kind === 'refused') this.expectTrue(instruction, spec, outcome.refusal);
    if (outcome.kind !== 'prepared') return;
    this.expectMay(instruction, spec);
    this.books.promise(txn, spec, body);
  }

  private decided(instruction: Extract<Instruction, { kind: 'decide-commit' }>, outcome: Extract<Outcome, { kind: 'decided' }>): void {
    const { txn, body } = instruction;
    const { decision, balances, untold } = outcome.outcome;
    if (decision.kind === 'aborted') {
      const refused = body.legs.find((leg) => leg.account === decision.reason.account && !untold.some(({ account }) => account === leg.account));
      if (refused !== undefined && this.books.leg(refused.account, txn) === undefined) this.expectTrue(instruction, refused, decision.reason);
      this.aborted(outcome);
      return;
    }
    const local = body.legs.filter(({ account }) => balances.some((one) => one.account === account));
    // All are looked at before one is applied.
    const unpromised = local.filter(({ account }) => this.books.leg(account, txn) === undefined);
    for (const spec of unpromised) this.expectMay(instruction, spec);
    for (const spec of unpromised) this.books.promise(txn, spec, body);
    for (const { account } of local) this.books.commit(account, txn);
  }

  private aborted({ outcome: { txn, body, untold, decision } }: Extract<Outcome, { kind: 'decided' }>): void {
    if (decision.kind !== 'aborted') return;
    for (const spec of body.legs)
      if (this.owns(spec.account) && !untold.some(({ account }) => account === spec.account)) this.books.abort(spec.account, txn, spec, this.stampMs);
  }

  private change({ number, change }: Extract<Instruction, { kind: 'change-account' }>): void {
    const before = this.books.standing(number);
    const free = (before?.balanceMinor ?? 0n) - (before?.holdsMinor ?? 0n);
    const isEmpty = before?.balanceMinor === 0n && before.holdsMinor === 0n && before.pendingMinor === 0n;
    const may = {
      freeze: before?.status === 'open',
      unfreeze: before?.status === 'frozen',
      close: before?.status !== 'closed' && isEmpty,
      'set-minimum': before?.status !== 'closed' && change.kind === 'set-minimum' && free >= change.minimumMinor,
    }[change.kind];
    this.expect(may, 'an account is changed only as it may be', () => `${change.kind} of ${number}, which ${told(before)}`);
    if (change.kind === 'set-minimum') this.books.change(number, { minimumMinor: change.minimumMinor });
    else this.books.change(number, { status: ({ freeze: 'frozen', unfreeze: 'open', close: 'closed' } as const)[change.kind] });
  }

  private expectMay(asked: Asked, spec: LegSpec): void {
    const verdict = this.forbids(asked, spec);
    if (verdict !== null) this.findings.add(verdict[0], `bucket ${this.bucket}: ${show(asked.key)}: ${spec.effect} of ${spec.amountMinor}: ${verdict[1]}`);
  }

  private forbids({ body, subject }: Asked, spec: LegSpec): Verdict {
    const { account, effect, amountMinor } = spec;
    const standing = this.books.standing(account);
    if (effect !== 'credit' && subject.kind !== 'operator' && (subject.kind === 'system' || subject.account !== account))
      return ['a token takes only its own money', `from ${account} for ${subject.kind === 'account' ? subject.account : subject.kind}`];
    if (standing?.status !== 'open') return ['frozen and closed accounts neither pay nor are paid', `${account} ${told(standing)}`];
    if (effect === 'authorize' && this.stampMs >= (body.expiresAtMs ?? 0))
      return ['an authorization is taken before it expires', `${this.stampMs} is not before ${body.expiresAtMs}`];
    if (effect === 'capture' || effect === 'void') return this.forbidsCapture(body, spec);
    if (effect === 'refund-debit' && this.leftOf(body, account) < amountMinor)
      return ['a refund stays within its payment', `${this.leftOf(body, account)} are left to refund on ${account}`];
    if (effect !== 'credit' && available(standing) < amountMinor) return ['only what is available is promised', `${account} ${told(standing)}`];
    return null;
  }

  private forbidsCapture(body: PaymentBody, { account, amountMinor }: LegSpec): Verdict {
    const reserved = body.reference === null ? null : (this.books.leg(account, body.reference.txn)?.reserved ?? null);
    const rule = 'a capture stays within its authorization';
    if (reserved?.status !== 'open') return [rule, `it is ${reserved?.status ?? 'not there'}`];
    if (this.stampMs >= reserved.expiresAtMs) return [rule, `it has expired at ${reserved.expiresAtMs}, it is ${this.stampMs}`];
    return amountMinor > reserved.amountMinor ? [rule, `${reserved.amountMinor} are reserved`] : null;
  }

  /** Of those that say how the account stands; others are about what is written elsewhere. */
  private expectTrue({ key, txn, body, undecided }: Asked, spec: LegSpec, { name }: Pick<AbortReason, 'name'>): void {
    const standing = this.books.standing(spec.account);
    const reserved = body.reference === null ? null : (this.books.leg(spec.account, body.reference.txn)?.reserved ?? null);
    const missing = standing === undefined ? 0n : spec.amountMinor - available(standing);
    const isTrue: Partial<Record<AbortReason['name'], () => boolean>> = {
      ACCOUNT_NOT_FOUND: () => standing === undefined,
      ACCOUNT_FROZEN: () => standing?.status === 'frozen',
      ACCOUNT_CLOSED: () => standing?.status === 'closed',
      INSUFFICIENT_FUNDS: () => missing > 0n && this.books.comingMinor(spec.account, undecided) < missing,
      CAPTURE_EXCEEDS_AUTHORIZATION: () => spec.amountMinor > (reserved?.amountMinor ?? 0n),
      REFUND_EXCEEDS_PAYMENT: () => spec.amountMinor > this.leftOf(body, spec.account),
      // An owner before may have been further in time when it gave back what had expired.
      AUTHORIZATION_EXPIRED: () => reserved?.status === 'expired' || this.stampMs >= (reserved?.expiresAtMs ?? body.expiresAtMs ?? 0),
      AUTHORIZATION_NOT_OPEN: () => reserved === null || reserved.status !== 'open',
    };
    this.expect(
      isTrue[name]?.() !== false,
      'a refusal is the truth',
      () => `${show(key)} (${txn.slice(0, 8)}) is refused as ${name}: ${spec.account} ${told(standing)}`,
    );
  }

  /** The answer after the homes were asked is final: it waits for nobody who was named. */
  private expectNewWaits({ key, undecided }: Asked, outcome: Outcome): void {
    if (outcome.kind !== 'wait') return;
    const again = outcome.undecided.find(({ txn }) => undecided.includes(txn));
    this.expect(again === undefined, 'who was named undecided is not waited for', () => `${show(key)} waits for ${again?.txn.slice(0, 8)} again`);
  }

  private leftOf({ reference }: PaymentBody, account: AccountNumber): bigint {
    const original = reference === null ? undefined : this.books.leg(account, reference.txn);
    if (original?.state !== 'committed' || original.spec.effect !== 'credit') return 0n;
    return original.spec.amountMinor - original.refundedMinor - original.refundReservedMinor;
  }

  /** What of other slots is in the database (staged, or released) is nobody's word. */
  private compare({ rm, accounts, legs }: CheckpointSeen): void {
    const rule = 'the database is given what stands in the books';
    for (const row of accounts) {
      if (!this.owns(row.number)) continue;
      const { number, pendingCreditsMinor: pendingMinor } = row;
      const known = this.books.standing(number);
      this.expect(!accountDiffers(known, row), rule, () => `${rm}: ${number} ${told({ ...row, pendingMinor })}; in the books it ${told(known)}`);
    }
    for (const row of legs) {
      if (!this.owns(row.account)) continue;
      const { account, txn, state, reservation } = row;
      const known = this.books.leg(account, txn);
      this.expect(
        !legDiffers(known, row),
        rule,
        () =>
          `${rm}: ${txn.slice(0, 8)} on ${account} is ${state}, ${reservation?.status} with ${reservation?.reservedMinor}; in the books ${known?.state}, ${known?.reserved?.status} with ${known?.reserved?.amountMinor}`,
      );
    }
  }

  private expect(holds: boolean, rule: string, text: () => string): void {
    this.findings.expect(holds, rule, () => `bucket ${this.bucket}: ${text()}`);
  }
}

/** @param atMs the cluster's time, at which all buckets have long had nothing to do */
export function expectGivenBack(books: Books, atMs: number, findings: Findings): void {
  const overdue = books.openBefore(atMs - EXPIRY_MAY_TAKE_MS);
  findings.expect(
    overdue === undefined,
    'what has expired is given back',
    () => `${overdue?.spec.amountMinor} are reserved on ${overdue?.spec.account} until ${overdue?.reserved?.expiresAtMs}, it is ${atMs.toFixed(0)}`,
  );
}

function available({ balanceMinor, holdsMinor, minimumMinor }: Readonly<Standing>): bigint {
  return balanceMinor - holdsMinor - minimumMinor;
}

function told(standing: Readonly<Standing> | undefined): string {
  if (standing === undefined) return 'is not there';
  const { status, balanceMinor, holdsMinor, pendingMinor, minimumMinor, rev } = standing;
  return `is ${status} with ${balanceMinor}, holds ${holdsMinor}, waits for ${pendingMinor}, minimum ${minimumMinor} at rev ${rev}`;
}
