/**
 * Asks one bucket through one coordinator for payments between two accounts of its own, which nobody else touches, and what became of them: what
 * it is not told in time is nobody's fault but the cluster's. Its accounts are opened when it is first used, so that what was before is as if it were not there.
 * They are in slots that the bucket has and that are not on the move.
 */
import { otherRequest, type Attempt, type History } from '@mas/auditor';
import { movesOf } from '@mas/placement';
import type { PaymentRequest } from '@mas/transaction-coordinator';
import { isIn, paymentKey, slot, SLOT_COUNT, type AccountNumber, type BucketId, type Slot } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import { OPERATOR, OPERATOR_SCOPE } from '../cluster/tokens';
import { numberWhere, USD } from './accounts';
import { lookUpOne } from './reads';
import { callTm, type Call } from './tm-call';

const OPENING_MINOR = 1_000_000n;
const DEADLINE_MS = 8_000;
/** One that hangs does not keep the next question. */
const ASK_EVERY_MS = 250;

export interface Probe {
  readonly startMs: number;
  /** When it was committed; null: it was not. */
  endMs: number | null;
}

/** Whether it can be asked by itself. */
export function hasSlotsOfItsOwn(cluster: Cluster, bucket: BucketId): boolean {
  return Array.from({ length: SLOT_COUNT }, (_, at) => slot(at)).some(staysIn(cluster, bucket));
}

function staysIn({ placement }: Cluster, bucket: BucketId): (of: Slot) => boolean {
  return (of) => placement.bucketOf(of) === bucket && !movesOf(placement.map).some(({ slots }) => isIn(slots, of));
}

export class Prober {
  /** When the bucket first answered that it has written something. */
  servedMs: number | null = null;
  readonly probes: Probe[] = [];
  private readonly name: string;
  private readonly accounts: readonly AccountNumber[];
  private opened = 0;
  private lastId = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly history: History,
    readonly bucket: BucketId,
    readonly tm: string,
  ) {
    this.name = `probe-${bucket}-${tm}`;
    this.accounts = ['x', 'y'].map((which) => numberWhere(staysIn(cluster, bucket), `${this.name}-${which}`));
  }

  get isReady(): boolean {
    return this.opened === this.accounts.length;
  }

  open(): void {
    for (const number of this.accounts) this.openOne(number);
  }

  /** From now on one payment each interval, until the condition holds no longer. */
  payWhile(isWanted: () => boolean): void {
    if (!isWanted()) return;
    void this.pay();
    this.cluster.world.time.at(ASK_EVERY_MS, () => this.payWhile(isWanted));
  }

  private openOne(number: AccountNumber): void {
    const { cluster, history } = this;
    const { time } = cluster.world;
    const record = {
      number,
      currency: USD,
      openingMinor: OPENING_MINOR,
      minimumMinor: 0n,
      startMs: time.nowMs(),
      createdMs: null as number | null,
      isApart: true,
    };
    history.accounts.set(number, record);
    const id = `{${number}}opening`;
    const opening = otherRequest(history, paymentKey(OPERATOR_SCOPE, id), `the creation of account ${number}`);
    const ask = async (): Promise<void> => {
      const request = { id, number, currency: USD, openingBalanceMinor: OPENING_MINOR, minimumMinor: 0n, owner: 'sim' };
      const called = await callTm(cluster, this.call(`open ${number}`), (_tm, caller, coordinator) => coordinator.createAccount(caller, request));
      if (called.kind !== 'answered' || !called.value.ok || record.createdMs !== null) return;
      [record.createdMs, opening.heard] = [time.nowMs(), 'done'];
      this.servedMs ??= time.nowMs();
      this.opened += 1;
    };
    const again = (): void => {
      if (record.createdMs !== null) return;
      void ask();
      time.at(ASK_EVERY_MS, again);
    };
    again();
  }

  private async pay(): Promise<void> {
    const { cluster, history } = this;
    this.lastId += 1;
    const [from, to] = this.lastId % 2 === 0 ? this.accounts : [...this.accounts].reverse();
    if (from === undefined || to === undefined) return;
    const id = `{${from}}${this.lastId}`;
    const leg = (account: AccountNumber, direction: 'debit' | 'credit'): PaymentRequest['legs'][number] => ({
      account,
      direction,
      amountMinor: 1n,
      currency: USD,
    });
    const request: PaymentRequest = {
      id,
      kind: 'payment',
      legs: [leg(from, 'debit'), leg(to, 'credit')],
      reference: null,
      amountMinor: null,
      expiresInSeconds: null,
      memo: '',
      lockHandle: null,
    };
    const probe: Probe = { startMs: cluster.world.time.nowMs(), endMs: null };
    const attempt: Attempt = { tm: this.tm, startMs: probe.startMs, endMs: null, answer: null, request };
    const key = paymentKey(OPERATOR_SCOPE, id);
    history.payments.set(key, { key, id, subject: OPERATOR, request, attempts: [attempt] });
    this.probes.push(probe);
    const called = await callTm(cluster, this.call(`pay ${id}`), (_tm, caller, coordinator) => coordinator.createPayment(caller, request));
    if (called.kind !== 'answered') return;
    attempt.endMs = cluster.world.time.nowMs();
    attempt.answer = called.value;
    if (!called.value.ok || called.value.value.kind !== 'committed') return;
    probe.endMs = attempt.endMs;
    await lookUpOne(cluster, history, { key, id }, this.call(`look up ${id}`));
  }

  private call(what: string): Call {
    return { tm: this.tm, client: this.name, subject: OPERATOR, deadlineMs: DEADLINE_MS, what };
  }
}
