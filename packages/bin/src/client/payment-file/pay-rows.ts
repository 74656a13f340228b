/**
 * Makes the payments of a file, in batches, a few of them under way at once; which comes first is not promised. What stays without an answer is asked for again under the
 * same id until the time of a batch is over; then no further batch is begun, and whoever comes again goes on from there.
 */
import type { PaymentInput } from '@mas/client';
import type { PaymentResult, Reply, RequestError } from '@mas/transaction-coordinator';
import { present, unreachable } from '@mas/values';
import { isCallFailed, type RefusedPart } from '../call-failed';
import { reasonText } from '../commands/payment-tables';
import { time } from '../output';
import type { PaymentRow } from './payment-file';
import type { PaymentOutcome } from './results-file';

/** What is asked of a client; MasClient has it. */
export interface BatchPayments {
  createPayments(payments: readonly PaymentInput[]): Promise<readonly Reply<PaymentResult>[]>;
}

export const BATCH = 200;
const UNDER_WAY = 4;
const AGAIN_MS = 200;
/** Refusals that may be none the next time. */
const PASSING: readonly RequestError['kind'][] = ['unavailable', 'deadline-exceeded', 'resource-exhausted'];

export interface PayRowsOptions {
  /** How long a batch is asked for again. */
  readonly patienceMs: number;
  answered(outcomes: readonly PaymentOutcome[]): void;
}

/** @returns what kept it from going on; null: every row has an answer for good */
export async function payRows(client: BatchPayments, rows: readonly PaymentRow[], options: PayRowsOptions): Promise<unknown> {
  let next = 0;
  let stoppedBy: unknown = null;
  const payOn = async (): Promise<void> => {
    while (stoppedBy === null && next < rows.length) {
      const batch = rows.slice(next, next + BATCH);
      next += BATCH;
      stoppedBy ??= await new PaidBatch(client, batch, options).run();
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, () => payOn().catch((error: unknown) => (stoppedBy ??= error))));
  return stoppedBy;
}

class PaidBatch {
  private readonly untilMs: number;

  constructor(
    private readonly client: BatchPayments,
    private open: readonly PaymentRow[],
    private readonly options: PayRowsOptions,
  ) {
    this.untilMs = performance.now() + options.patienceMs;
  }

  async run(): Promise<unknown> {
    for (;;) {
      const replies = await this.ask();
      if ('stoppedBy' in replies) return replies.stoppedBy;
      const answers = this.open.map((row, at) => outcomeOf(row, present(replies[at], 'each payment of a batch has its reply')));
      const passing = answers.filter(({ failure }) => failure !== null);
      const isOver = passing.length > 0 && performance.now() + AGAIN_MS >= this.untilMs;
      this.options.answered((isOver ? answers : answers.filter(({ failure }) => failure === null)).map(({ outcome }) => outcome));
      if (passing.length === 0 || isOver) return passing[0]?.failure ?? null;
      this.open = passing.map(({ outcome }) => outcome.row);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** When it fails as a whole, nobody knows what became of any of them. */
  private async ask(): Promise<readonly Reply<PaymentResult>[] | { readonly stoppedBy: unknown }> {
    try {
      return await this.client.createPayments(this.open.map(inputOf));
    } catch (error) {
      const reason = isCallFailed(error) ? error.error.reason : 'FAILED';
      this.options.answered(this.open.map((row) => ({ row, state: 'UNKNOWN', reason, at: '', txn: '' })));
      return { stoppedBy: error };
    }
  }
}

interface Answered {
  readonly outcome: PaymentOutcome;
  /** To be asked for again, and why; null: this is its answer. */
  readonly failure: RefusedPart | null;
}

function outcomeOf(row: PaymentRow, reply: Reply<PaymentResult>): Answered {
  if (!reply.ok) {
    const { error } = reply;
    const isPassing = PASSING.includes(error.kind);
    const outcome = { row, state: isPassing ? 'UNKNOWN' : 'REFUSED', reason: `${error.reason}: ${error.message}`, at: '', txn: '' } as const;
    return { outcome, failure: isPassing ? refused(error) : null };
  }
  const { value } = reply;
  switch (value.kind) {
    case 'committed':
      return { outcome: { row, state: 'COMMITTED', reason: '', at: time(value.atMs), txn: value.txn }, failure: null };
    case 'aborted':
      return { outcome: { row, state: 'ABORTED', reason: reasonText(value.reason), at: time(value.atMs), txn: value.txn }, failure: null };
    case 'unknown': {
      const error: RequestError = { kind: 'unavailable', reason: 'OUTCOME_UNKNOWN', field: null, message: value.message, facts: {} };
      return { outcome: { row, state: 'UNKNOWN', reason: value.message, at: '', txn: value.txn }, failure: refused(error) };
    }
    default:
      return unreachable(value, 'payment result');
  }
}

function refused(error: RequestError): RefusedPart {
  return { kind: 'mas-call-failed', error };
}

function inputOf({ id, from, to, amount, currency, memo }: PaymentRow): PaymentInput {
  return { id, from, to, amount: { decimal: amount, currency }, memo };
}
