/**
 * What accounts should hold after each entry of the logs, wherever their slots are, by arithmetic of its own. It takes for granted what was promised and how
 * that ended; whether it was right to promise is judged in books-walk.ts.
 */
import type { AccountRow, LegEffect, LegRow, LegSpec, PaymentBody } from '@mas/ledger';
import type { AccountNumber, AmountMinor, TxnId } from '@mas/values';

export interface Standing {
  balanceMinor: AmountMinor;
  holdsMinor: AmountMinor;
  pendingMinor: AmountMinor;
  minimumMinor: AmountMinor;
  status: 'open' | 'frozen' | 'closed';
  rev: number;
}

/** As an account stood from one instruction to the next that changed it: what a payment is answered with may be what the next one in the same entry has changed. */
export interface Version extends Readonly<Standing> {
  /** When a replica had first applied it. */
  readonly fromMs: number;
}

export interface Reserved {
  status: 'open' | 'capturing' | 'captured' | 'voided' | 'expired';
  amountMinor: AmountMinor;
  readonly expiresAtMs: number;
  by: TxnId | null;
}

export interface BookedLeg {
  readonly spec: LegSpec;
  readonly reference: TxnId | null;
  readonly expiresAtMs: number | null;
  state: 'prepared' | 'committed' | 'aborted';
  /** Of an authorization that is committed. */
  reserved: Reserved | null;
  refundedMinor: AmountMinor;
  refundReservedMinor: AmountMinor;
}

/** What a promise holds back, and what a commit takes or brings. */
const HOLDS: ReadonlySet<LegEffect> = new Set(['debit', 'authorize', 'refund-debit']);

export class Books {
  private readonly standings = new Map<AccountNumber, Standing>();
  private readonly legs = new Map<string, BookedLeg>();
  private readonly changed = new Set<AccountNumber>();
  readonly versions = new Map<AccountNumber, Version[]>();

  standing(account: AccountNumber): Readonly<Standing> | undefined {
    return this.standings.get(account);
  }

  leg(account: AccountNumber, txn: TxnId): Readonly<BookedLeg> | undefined {
    return this.legs.get(`${account} ${txn}`);
  }

  all(): ReadonlyMap<AccountNumber, Readonly<Standing>> {
    return this.standings;
  }

  /** By account and txn. */
  allLegs(): ReadonlyMap<string, Readonly<BookedLeg>> {
    return this.legs;
  }

  /** Credits that are on their way, less those of the payments named. */
  comingMinor(account: AccountNumber, without: readonly TxnId[]): AmountMinor {
    let sum = 0n;
    for (const [name, { spec, state }] of this.legs)
      if (spec.account === account && spec.effect === 'credit' && state === 'prepared' && !without.some((txn) => name.endsWith(` ${txn}`)))
        sum += spec.amountMinor;
    return sum;
  }

  /** An authorization whose time was over then, and which still has its money. */
  openBefore(atMs: number): Readonly<BookedLeg> | undefined {
    for (const leg of this.legs.values()) if (leg.reserved?.status === 'open' && leg.reserved.expiresAtMs < atMs) return leg;
    return undefined;
  }

  open(account: AccountNumber, openingMinor: AmountMinor, minimumMinor: AmountMinor): void {
    this.standings.set(account, { balanceMinor: openingMinor, holdsMinor: 0n, pendingMinor: 0n, minimumMinor, status: 'open', rev: 1 });
    this.changed.add(account);
  }

  change(account: AccountNumber, change: Partial<Standing>): void {
    const standing = this.touched(account);
    if (standing !== undefined) Object.assign(standing, change);
  }

  promise(txn: TxnId, spec: LegSpec, body: PaymentBody): void {
    const standing = this.touched(spec.account);
    const reference = this.referenceOf(spec, body);
    const leg: BookedLeg = {
      spec,
      reference,
      expiresAtMs: body.expiresAtMs,
      state: 'prepared',
      reserved: null,
      refundedMinor: 0n,
      refundReservedMinor: 0n,
    };
    this.legs.set(`${spec.account} ${txn}`, leg);
    if (standing === undefined) return;
    if (HOLDS.has(spec.effect)) standing.holdsMinor += spec.amountMinor;
    if (spec.effect === 'credit') standing.pendingMinor += spec.amountMinor;
    const original = this.original(leg);
    if (spec.effect === 'refund-debit' && original !== undefined) original.refundReservedMinor += spec.amountMinor;
    if (original?.reserved && spec.effect !== 'refund-debit') [original.reserved.status, original.reserved.by] = ['capturing', txn];
  }

  commit(account: AccountNumber, txn: TxnId): void {
    const leg = this.legs.get(`${account} ${txn}`);
    if (leg?.state !== 'prepared') return;
    leg.state = 'committed';
    const standing = this.touched(account);
    if (standing === undefined) return;
    const { effect, amountMinor } = leg.spec;
    const original = this.original(leg);
    switch (effect) {
      case 'credit':
        standing.pendingMinor -= amountMinor;
        standing.balanceMinor += amountMinor;
        return;
      case 'authorize':
        leg.reserved = { status: 'open', amountMinor, expiresAtMs: leg.expiresAtMs ?? 0, by: null };
        return;
      case 'debit':
      case 'refund-debit':
        standing.holdsMinor -= amountMinor;
        standing.balanceMinor -= amountMinor;
        if (original === undefined || effect === 'debit') return;
        original.refundReservedMinor -= amountMinor;
        original.refundedMinor += amountMinor;
        return;
      case 'capture':
      case 'void':
        standing.balanceMinor -= effect === 'capture' ? amountMinor : 0n;
        if (original?.reserved) this.free(standing, original.reserved, effect === 'capture' ? 'captured' : 'voided');
        return;
    }
  }

  /** Also of what was never prepared: it leaves a tombstone. */
  abort(account: AccountNumber, txn: TxnId, spec: LegSpec, stampMs: number): void {
    const leg = this.legs.get(`${account} ${txn}`);
    if (leg !== undefined && leg.state !== 'prepared') return;
    const standing = this.touched(account);
    if (leg === undefined) {
      const none = { reference: null, expiresAtMs: null, reserved: null, refundedMinor: 0n, refundReservedMinor: 0n };
      this.legs.set(`${account} ${txn}`, { spec, state: 'aborted', ...none });
      return;
    }
    leg.state = 'aborted';
    if (standing === undefined) return;
    const { effect, amountMinor } = leg.spec;
    if (HOLDS.has(effect)) standing.holdsMinor -= amountMinor;
    if (effect === 'credit') standing.pendingMinor -= amountMinor;
    const original = this.original(leg);
    if (effect === 'refund-debit' && original !== undefined) original.refundReservedMinor -= amountMinor;
    if (effect === 'refund-debit' || !original?.reserved) return;
    const { reserved } = original;
    if (stampMs >= reserved.expiresAtMs) this.free(standing, reserved, 'expired');
    else [reserved.status, reserved.by] = ['open', null];
  }

  /** A capture in doubt keeps what is reserved. */
  expire(account: AccountNumber, txn: TxnId, stampMs: number): void {
    const reserved = this.legs.get(`${account} ${txn}`)?.reserved;
    if (!reserved || reserved.status !== 'open' || stampMs < reserved.expiresAtMs) return;
    const standing = this.touched(account);
    if (standing !== undefined) this.free(standing, reserved, 'expired');
  }

  /** An instruction is over. */
  endStep(atMs: number): void {
    for (const account of this.changed) {
      const standing = this.standings.get(account);
      if (standing === undefined) continue;
      const versions = this.versions.get(account) ?? [];
      this.versions.set(account, versions);
      versions.push({ ...standing, fromMs: atMs });
    }
    this.changed.clear();
  }

  private free(standing: Standing, reserved: Reserved, status: Reserved['status']): void {
    standing.holdsMinor -= reserved.amountMinor;
    [reserved.amountMinor, reserved.status] = [0n, status];
  }

  private referenceOf({ effect }: LegSpec, { reference }: PaymentBody): TxnId | null {
    return effect === 'capture' || effect === 'void' || effect === 'refund-debit' ? (reference?.txn ?? null) : null;
  }

  private original({ spec, reference }: BookedLeg): BookedLeg | undefined {
    return reference === null ? undefined : this.legs.get(`${spec.account} ${reference}`);
  }

  private touched(account: AccountNumber): Standing | undefined {
    const standing = this.standings.get(account);
    if (standing === undefined) return undefined;
    standing.rev += 1;
    this.changed.add(account);
    return standing;
  }
}

export type AccountSeen = Pick<AccountRow, 'number' | 'balanceMinor' | 'holdsMinor' | 'pendingCreditsMinor' | 'minimumMinor' | 'status' | 'rev'>;
export type LegSeen = Pick<LegRow, 'account' | 'txn' | 'state' | 'reservation' | 'refundedMinor' | 'refundReservedMinor'>;

export function accountDiffers(known: Readonly<Standing> | undefined, row: AccountSeen): boolean {
  return (
    known?.balanceMinor !== row.balanceMinor ||
    known.holdsMinor !== row.holdsMinor ||
    known.pendingMinor !== row.pendingCreditsMinor ||
    known.minimumMinor !== row.minimumMinor ||
    known.status !== row.status ||
    known.rev !== row.rev
  );
}

export function legDiffers(known: Readonly<BookedLeg> | undefined, row: LegSeen): boolean {
  return (
    known?.state !== row.state ||
    (known.reserved?.status ?? null) !== (row.reservation?.status ?? null) ||
    (known.reserved?.amountMinor ?? 0n) !== (row.reservation?.reservedMinor ?? 0n) ||
    known.refundedMinor !== row.refundedMinor ||
    known.refundReservedMinor !== row.refundReservedMinor
  );
}
