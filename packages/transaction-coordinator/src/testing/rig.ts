/** A coordinator over fakes of its ports, with accounts in known buckets and the questions that tests ask. */
import { createHash } from 'node:crypto';
import type { LegRow, Subject, TxnVersion } from '@mas/ledger';
import { homeSlotOfKey, LeaderDirectory, PlacementIndex, slotOfAccount } from '@mas/placement';
import { madeUpCluster } from '@mas/testkit/membership';
import {
  accountNumber,
  currency,
  paymentKey,
  SeededRandom,
  silentLogger,
  txnId,
  type AccountNumber,
  type AmountMinor,
  type Logger,
  type PaymentKey,
  type Random,
  type Slot,
} from '@mas/values';
import {
  coordinatorConfig,
  noFailpoints,
  TransactionCoordinator,
  type AuditReport,
  type AuditWatch,
  type Caller,
  type CoordinatorConfig,
  type Failpoints,
  type PaymentRequest,
  type PaymentResult,
  type Reply,
} from '../index';
import { FakeCluster } from './fake-cluster';
import { FakeLocks } from './fake-locks';
import { FaultyDao } from './faulty-dao';
import { VirtualClock } from './virtual-clock';

export const USD = currency('USD');
export const OPERATOR: Subject = { kind: 'operator', name: 'mas|ops' };

export interface RigOptions {
  readonly config?: Partial<CoordinatorConfig>;
  readonly failpoints?: Failpoints;
  readonly logger?: Logger;
  /** Default: from one seed. */
  readonly random?: Random;
  /** As if the cluster had been founded with it. */
  readonly txnVersion?: TxnVersion;
  /** Of the coordinator alone; default: one that has the cluster's map. */
  readonly directory?: LeaderDirectory;
}

export function founded({ map }: PlacementIndex, txnVersion: TxnVersion): PlacementIndex {
  return new PlacementIndex({ ...map, cluster: { clusterId: madeUpCluster([]).clusterId, nodes: [], txnVersion } });
}

export class Rig {
  readonly clock = new VirtualClock();
  readonly cluster = new FakeCluster(this.clock);
  readonly dao = new FaultyDao(this.clock);
  readonly locks = new FakeLocks(this.cluster, this.dao, this.clock);
  readonly coordinator: TransactionCoordinator;
  private nextId = 0;

  constructor(options: RigOptions = {}) {
    this.coordinator = this.another('tc-1', options);
  }

  /** One more coordinator on the same cluster and Redis. */
  another(coordinatorId: string, options: RigOptions = {}): TransactionCoordinator {
    const config = coordinatorConfig({ coordinatorId, ...options.config });
    if (!config.ok) throw new Error(config.error.map((problem) => problem.message).join('; '));
    const digest = (preimage: string | Uint8Array): string => createHash('sha256').update(preimage).digest('hex');
    return new TransactionCoordinator(
      {
        dao: this.dao,
        participants: this.cluster,
        locks: this.locks,
        lockStore: this.locks.store,
        directory:
          options.directory ??
          new LeaderDirectory(options.txnVersion === undefined ? this.cluster.placement : founded(this.cluster.placement, options.txnVersion)),
        digest,
        clock: this.clock,
        random: options.random ?? new SeededRandom(1),
        logger: options.logger ?? silentLogger,
        failpoints: options.failpoints ?? noFailpoints,
      },
      config.value,
    );
  }

  caller(subject: Subject = OPERATOR, timeoutMs = 20_000, token = 'token'): Caller {
    return { subject, token, deadlineMs: this.clock.monotonicMs() + timeoutMs };
  }

  /** The nth account whose number lies in the bucket, opened there. */
  open(bucket: number, balanceMinor: AmountMinor, label = 'a'): AccountNumber {
    for (let i = 0; ; i += 1) {
      const number = accountNumber(`${label}-${i}`);
      if (this.cluster.placement.bucketOf(slotOfAccount(number)) !== bucket || this.cluster.at(slotOfAccount(number)).rows.account(number) !== undefined)
        continue;
      this.nextId += 1;
      const key = paymentKey('mas|ops', `open-${this.nextId}`);
      const outcome = this.cluster.run(slotOfAccount(number), {
        kind: 'create-account',
        key,
        txn: txnId(createHash('sha256').update(key).digest('hex')),
        number,
        currency: USD,
        openingBalanceMinor: balanceMinor,
        minimumMinor: null,
        owner: label,
        subject: OPERATOR,
        checkOnly: false,
      });
      if (outcome.kind !== 'account') throw new Error(`account ${number}: ${outcome.kind}`);
      return number;
    }
  }

  request(from: AccountNumber, to: AccountNumber, amountMinor: AmountMinor, more: Partial<PaymentRequest> = {}): PaymentRequest {
    this.nextId += 1;
    return {
      id: `{${from}}p${this.nextId}`,
      kind: 'payment',
      legs: [
        { account: from, direction: 'debit', amountMinor, currency: USD },
        { account: to, direction: 'credit', amountMinor, currency: USD },
      ],
      reference: null,
      amountMinor: null,
      expiresInSeconds: null,
      memo: '',
      lockHandle: null,
      ...more,
    };
  }

  audit(caller: Caller = this.caller(), watch: Partial<AuditWatch> = {}): Promise<Reply<AuditReport>> {
    return this.coordinator.audit(caller, { isFull: true, signal: new AbortController().signal, onProgress: () => undefined, ...watch });
  }

  pay(request: PaymentRequest, caller: Caller = this.caller()): Promise<Reply<PaymentResult>> {
    return this.clock.until(this.coordinator.createPayment(caller, request), `an answer to ${request.id}`);
  }

  balance(account: AccountNumber): AmountMinor | undefined {
    return this.cluster.at(slotOfAccount(account)).rows.account(account)?.balanceMinor;
  }

  /** After everything has settled: what is still held, pending or told wrongly anywhere; empty when nothing is. */
  leftovers(): readonly string[] {
    const inBuckets = [...this.cluster.buckets.values()].flatMap((bucket) => [
      ...bucket.differences(),
      ...bucket.alarms.map((alarm) => `alarm ${JSON.stringify(alarm)}`),
      ...[...bucket.ledger.preparedLegs()].map((leg) => `prepared leg on ${leg.account}`),
      ...[...bucket.ledger.undelivered()].map((row) => `untold outcome ${row.key}`),
      ...bucket.rows
        .sortedAccounts()
        .filter((row) => row.holdsMinor !== 0n || row.pendingCreditsMinor !== 0n)
        .map((row) => `holds or pending credits on ${row.number}`),
      ...bucket.rows
        .sortedLegs()
        .filter((leg) => leg.state === 'committed' && !this.hasCommitTime(leg))
        .map((leg) => `not its home's commit time, or not behind its promise: leg on ${leg.account}`),
    ]);
    const inRedis = [...this.dao.entries.values()].filter(
      ({ key, state, commitUs }) => state === 'COMMITTED' && commitUs !== this.commitTimeOf(key, homeSlotOfKey(key)),
    );
    return [...inBuckets, ...inRedis.map(({ key }) => `not its home's commit time: entry of ${key}`)];
  }

  /** Legs at home are promised and committed at one moment. */
  private hasCommitTime({ key, homeSlot, account, preparedUs, commitUs }: LegRow): boolean {
    if (commitUs === null || preparedUs === null || commitUs !== this.commitTimeOf(key, homeSlot)) return false;
    return this.cluster.at(homeSlot) === this.cluster.at(slotOfAccount(account)) ? preparedUs <= commitUs : preparedUs < commitUs;
  }

  private commitTimeOf(key: PaymentKey, homeSlot: Slot): number | null {
    const decision = this.cluster.at(homeSlot).rows.outcome(key)?.decision;
    return decision?.kind === 'committed' ? decision.commitUs : null;
  }

  total(): AmountMinor {
    return [...this.cluster.buckets.values()].flatMap((bucket) => bucket.rows.sortedAccounts()).reduce((sum, row) => sum + row.balanceMinor, 0n);
  }
}

/** `committed`, `aborted NAME`, `unknown` or `error REASON`. */
export function verdict(reply: Reply<PaymentResult>): string {
  if (!reply.ok) return `error ${reply.error.reason}`;
  return reply.value.kind === 'aborted' ? `aborted ${reply.value.reason.name}` : reply.value.kind;
}
