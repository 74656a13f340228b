/** A payment on a flight: what it came with, and how far it has come. */
import {
  transactionAfter,
  type GlobalTransaction,
  type HomeRecord,
  type LegPromise,
  type Placing,
  type RemoteLeg,
  type TransactionAnswer,
  type TransactionPlan,
} from '@mas/two-phase-commit';
import type { PaymentRun } from './payment-run';

export interface FlightPayment {
  readonly plan: TransactionPlan;
  readonly placing: Placing;
  readonly remote: RemoteLeg | null;
  /** Of its caller. */
  readonly token: string;
  readonly deadlineMs: number;
  /** Called exactly once. */
  readonly onAnswer: (answer: TransactionAnswer) => void;
  /** Nothing is awaited any more. */
  readonly onEnded: () => void;
}

export interface Journaled {
  readonly atMs: number;
  readonly written: boolean;
}

export interface Passenger {
  readonly payment: FlightPayment;
  readonly place: number;
  /** What it waits for. */
  stage: 'beginning' | 'preparing' | 'deciding' | 'telling' | 'ended';
  promise: LegPromise | null;
  preparedMs: number | null;
  decidedMs: number;
  record: HomeRecord | null;
  /** It has left the plain way. */
  run: PaymentRun | null;
}

export function passengerOf(payment: FlightPayment, place: number): Passenger {
  return { payment, place, stage: 'beginning', promise: null, preparedMs: null, decidedMs: 0, record: null, run: null };
}

/** The transaction as it stands, for whoever drives it from here on. */
export function transactionOf({ payment, stage, promise, preparedMs, decidedMs, record }: Passenger, journaled: Journaled | null): GlobalTransaction {
  const { plan, placing, remote } = payment;
  return transactionAfter(plan, placing, {
    journaled: stage === 'beginning' ? null : journaled,
    prepared:
      stage === 'beginning' || stage === 'preparing' || remote === null || promise === null || preparedMs === null ? null : { atMs: preparedMs, promise },
    decided: stage === 'telling' && record !== null ? { atMs: decidedMs, record } : null,
  });
}
