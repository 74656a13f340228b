/** One client: draws what it does next, asks a Transaction Manager, repeats with the same id when it does not know, and keeps its history. */
import { rendered, type Attempt, type History, type PaymentHistory } from '@mas/auditor';
import type { PaymentRequest, PaymentResult } from '@mas/transaction-coordinator';
import type { Subject } from '@mas/ledger';
import { paymentKey, present, type AccountNumber, type AmountMinor, type SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import { OPERATOR } from '../cluster/tokens';
import type { PlannedAccount } from './accounts';
import type { BackupBytes } from './backups';
import { callTm, type Call } from './tm-call';

const MAX_ATTEMPTS = 6;
const MAX_PAUSE_MS = 800;

type Leg = PaymentRequest['legs'][number];

export class Client {
  private lastId = 0;

  constructor(
    readonly name: string,
    readonly cluster: Cluster,
    readonly accounts: readonly PlannedAccount[],
    /** Apart from them. */
    readonly deep: readonly PlannedAccount[],
    readonly history: History,
    readonly backups: BackupBytes[],
    readonly random: SeededRandom,
    /** Nothing is asked any more once it holds; what was asked comes to its end. */
    readonly isOver: () => boolean,
  ) {}

  async pay(request: PaymentRequest, subject: Subject): Promise<PaymentHistory> {
    const payment: PaymentHistory = { key: paymentKey(scopeOf(subject), request.id), id: request.id, subject, request, attempts: [] };
    this.history.payments.set(payment.key, payment);
    this.cluster.world.trace.detail(`${this.name} pays ${request.id}: ${summary(request)}`);
    if (this.random.chance(0.08)) {
      // The same request at once at two places: a double click, or an impatient proxy.
      this.cluster.world.counters.add('payments asked twice at once');
      await Promise.all([this.repeat(payment), this.repeat(payment)]);
    } else {
      await this.repeat(payment);
    }
    if (this.random.chance(0.1)) await this.askAgain(payment);
    return payment;
  }

  /** The answer never changes; another body under the same id is refused. */
  private async askAgain(payment: PaymentHistory): Promise<void> {
    this.cluster.world.counters.add('payments asked again');
    const [first] = payment.request.legs;
    const other = this.random.chance(0.3) && payment.request.kind === 'payment' && first !== undefined;
    const request = other ? { ...payment.request, legs: payment.request.legs.map((leg) => ({ ...leg, amountMinor: leg.amountMinor + 1n })) } : payment.request;
    await this.attempt(payment, request);
  }

  private async repeat(payment: PaymentHistory): Promise<void> {
    // Some never come back: what they leave behind is ended without them.
    const attempts = this.random.chance(0.15) ? 1 : MAX_ATTEMPTS;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const made = await this.attempt(payment, payment.request);
      if (isFinal(made) || this.isOver()) return;
      await this.cluster.world.time.after(this.random.unit() * MAX_PAUSE_MS);
    }
  }

  private async attempt(payment: PaymentHistory, request: PaymentRequest): Promise<Attempt> {
    const { world } = this.cluster;
    const call = this.call(payment.subject, `pay ${payment.id}`);
    const attempt: Attempt = { tm: call.tm, startMs: world.time.nowMs(), endMs: null, answer: null, request };
    payment.attempts.push(attempt);
    const called = await callTm(this.cluster, call, (_tm, caller, coordinator) => coordinator.createPayment(caller, request));
    if (called.kind === 'unreachable') {
      payment.attempts.splice(payment.attempts.indexOf(attempt), 1);
    } else if (called.kind === 'answered') {
      attempt.endMs = world.time.nowMs();
      attempt.answer = called.value;
      if (called.value.ok && called.value.value.kind === 'committed') this.history.successesMs.push(attempt.endMs);
    }
    world.trace.detail(`${this.name} hears of ${payment.id} from ${call.tm}: ${called.kind === 'answered' ? describeAnswer(called.value) : called.kind}`);
    return attempt;
  }

  call(subject: Subject, what: string): Call {
    const names = this.cluster.tmNames;
    return { tm: this.pick(names), client: this.name, subject, deadlineMs: 3_000 + this.random.below(9_000), what };
  }

  pick<Item>(items: readonly Item[]): Item {
    return present(items[this.random.below(items.length)], 'item');
  }

  /** Distinct accounts. */
  some(count: number): readonly PlannedAccount[] {
    return this.shuffled(this.accounts).slice(0, count);
  }

  shuffled<Item>(items: readonly Item[]): readonly Item[] {
    const left = [...items];
    return Array.from(items, () => present(left.splice(this.random.below(left.length), 1)[0], 'item'));
  }

  amount(): AmountMinor {
    return BigInt(1 + this.random.below(this.random.chance(0.15) ? 30_000 : 900));
  }

  mint(payer: AccountNumber | null): string {
    this.lastId += 1;
    return payer === null ? `${this.name}.${this.lastId}` : `{${payer}}${this.name}.${this.lastId}`;
  }

  request(kind: PaymentRequest['kind'], payer: AccountNumber | null, legs: readonly Leg[], more: Partial<PaymentRequest> = {}): PaymentRequest {
    return { id: this.mint(payer), kind, legs, reference: null, amountMinor: null, expiresInSeconds: null, memo: '', lockHandle: null, ...more };
  }

  /** The payer himself, or an operator whose id may or may not name the payer's bucket as home. */
  payerOf(account: AccountNumber): { readonly subject: Subject; readonly home: AccountNumber | null } {
    if (this.random.chance(0.5)) return { subject: { kind: 'account', account }, home: null };
    return { subject: OPERATOR, home: this.homeNear(account) };
  }

  /** An operator's id names an account whose bucket shall be home, or leaves it to chance. */
  homeNear(account: AccountNumber): AccountNumber | null {
    return this.random.chance(0.7) ? account : null;
  }
}

export function leg(account: PlannedAccount, direction: 'debit' | 'credit', amountMinor: AmountMinor): Leg {
  return { account: account.number, direction, amountMinor, currency: account.currency };
}

function scopeOf(subject: Subject): string {
  return subject.kind === 'account' ? subject.account : subject.kind === 'operator' ? subject.name : 'system';
}

/** A refusal may come from a loaded or starting process: only answers of the payment's own are final. */
function isFinal({ answer }: Attempt): boolean {
  if (answer === null) return false;
  if (answer.ok) return answer.value.kind !== 'unknown';
  return !['unavailable', 'deadline-exceeded', 'resource-exhausted', 'aborted', 'internal'].includes(answer.error.kind);
}

function summary(request: PaymentRequest): string {
  return `${request.kind} ${request.legs.map(({ account, direction, amountMinor }) => `${direction === 'debit' ? '-' : '+'}${amountMinor} ${account}`).join(', ')}`;
}

export function describeAnswer(
  reply: { readonly ok: true; readonly value: PaymentResult } | { readonly ok: false; readonly error: { readonly kind: string; readonly reason: string } },
): string {
  if (!reply.ok) return `${reply.error.kind} ${reply.error.reason}`;
  if (reply.value.kind === 'aborted') return `aborted ${reply.value.reason.name}`;
  return reply.value.kind === 'unknown' ? `unknown (${rendered(reply.value.message)})` : reply.value.kind;
}
