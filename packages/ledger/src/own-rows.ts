/**
 * Rows as their bucket holds them: changed in place for as long as nobody else may hold them. Whoever is given a row outside of apply
 * is given it *lent*: a lent row never changes again, and the bucket goes on with a copy once it has to change (ADR 15). A plain
 * object, as it comes from SQL or a test, is nobody's own and counts as lent.
 */
import { unreachable } from '@mas/values';
import type { Outcome } from './outcome';
import type { AccountRow, LegRow, OutcomeRow } from './rows';

/** Private, so that it is no field of the row: rows are compared, written and spread field by field. */
abstract class OwnRow {
  #lent = false;

  get isLent(): boolean {
    return this.#lent;
  }

  lend(): void {
    this.#lent = true;
  }
}

export class OwnAccount extends OwnRow implements AccountRow {
  readonly slot: AccountRow['slot'];
  readonly number: AccountRow['number'];
  readonly currency: AccountRow['currency'];
  readonly status: AccountRow['status'];
  readonly owner: string;
  balanceMinor: AccountRow['balanceMinor'];
  holdsMinor: AccountRow['holdsMinor'];
  pendingCreditsMinor: AccountRow['pendingCreditsMinor'];
  readonly minimumMinor: AccountRow['minimumMinor'];
  rev: number;
  lastSeq: number;
  journalSeq: number;
  readonly createdAtMs: number;
  readonly createdUs: number | null;
  readonly createdBy: AccountRow['createdBy'];

  constructor(row: AccountRow) {
    super();
    this.slot = row.slot;
    this.number = row.number;
    this.currency = row.currency;
    this.status = row.status;
    this.owner = row.owner;
    this.balanceMinor = row.balanceMinor;
    this.holdsMinor = row.holdsMinor;
    this.pendingCreditsMinor = row.pendingCreditsMinor;
    this.minimumMinor = row.minimumMinor;
    this.rev = row.rev;
    this.lastSeq = row.lastSeq;
    this.journalSeq = row.journalSeq;
    this.createdAtMs = row.createdAtMs;
    this.createdUs = row.createdUs;
    this.createdBy = row.createdBy;
  }

  /** To be changed: the row itself, or a copy where somebody may hold it. */
  static of(row: AccountRow): OwnAccount {
    return row instanceof OwnAccount && !row.isLent ? row : new OwnAccount(row);
  }
}

export class OwnLeg extends OwnRow implements LegRow {
  readonly slot: LegRow['slot'];
  readonly account: LegRow['account'];
  readonly seq: number;
  readonly txn: LegRow['txn'];
  readonly key: LegRow['key'];
  readonly homeSlot: LegRow['homeSlot'];
  readonly subject: LegRow['subject'];
  readonly spec: LegRow['spec'];
  readonly body: LegRow['body'];
  state: LegRow['state'];
  reason: LegRow['reason'];
  readonly preparedAtMs: number;
  readonly preparedUs: number | null;
  commitUs: number | null;
  endedAtMs: LegRow['endedAtMs'];
  journal: LegRow['journal'];
  reservation: LegRow['reservation'];
  mark: LegRow['mark'];
  readonly refundedMinor: LegRow['refundedMinor'];
  readonly refundReservedMinor: LegRow['refundReservedMinor'];

  constructor(row: LegRow) {
    super();
    this.slot = row.slot;
    this.account = row.account;
    this.seq = row.seq;
    this.txn = row.txn;
    this.key = row.key;
    this.homeSlot = row.homeSlot;
    this.subject = row.subject;
    this.spec = row.spec;
    this.body = row.body;
    this.state = row.state;
    this.reason = row.reason;
    this.preparedAtMs = row.preparedAtMs;
    this.preparedUs = row.preparedUs;
    this.commitUs = row.commitUs;
    this.endedAtMs = row.endedAtMs;
    this.journal = row.journal;
    this.reservation = row.reservation;
    this.mark = row.mark;
    this.refundedMinor = row.refundedMinor;
    this.refundReservedMinor = row.refundReservedMinor;
  }

  /** To be changed: the row itself, or a copy where somebody may hold it. */
  static of(row: LegRow): OwnLeg {
    return row instanceof OwnLeg && !row.isLent ? row : new OwnLeg(row);
  }
}

export class OwnOutcome extends OwnRow implements OutcomeRow {
  readonly slot: OutcomeRow['slot'];
  readonly key: OutcomeRow['key'];
  readonly txn: OutcomeRow['txn'];
  readonly body: OutcomeRow['body'];
  readonly subject: OutcomeRow['subject'];
  readonly decision: OutcomeRow['decision'];
  readonly balances: OutcomeRow['balances'];
  untold: OutcomeRow['untold'];
  readonly forced: OutcomeRow['forced'];

  constructor(row: OutcomeRow) {
    super();
    this.slot = row.slot;
    this.key = row.key;
    this.txn = row.txn;
    this.body = row.body;
    this.subject = row.subject;
    this.decision = row.decision;
    this.balances = row.balances;
    this.untold = row.untold;
    this.forced = row.forced;
  }

  /** To be changed: the row itself, or a copy where somebody may hold it. */
  static of(row: OutcomeRow): OwnOutcome {
    return row instanceof OwnOutcome && !row.isLent ? row : new OwnOutcome(row);
  }
}

/** The row, for somebody who may keep it for as long as he likes. */
export function lent<Row extends object>(row: Row): Row {
  if (row instanceof OwnRow) row.lend();
  return row;
}

/** The outcome, with the rows in it lent. */
export function lentOutcome(outcome: Outcome): Outcome {
  switch (outcome.kind) {
    case 'prepared':
    case 'leg-ended':
      lent(outcome.leg);
      return outcome;
    case 'decided':
      lent(outcome.outcome);
      return outcome;
    case 'conflict':
      lent(outcome.bound);
      return outcome;
    case 'account':
      lent(outcome.account);
      return outcome;
    case 'refused':
    case 'locked':
    case 'wait':
    case 'wrong-bucket':
    case 'lock':
    case 'lock-released':
    case 'done':
    case 'each':
    case 'move':
    case 'alarm':
      return outcome;
    default:
      return unreachable(outcome, 'outcome');
  }
}
