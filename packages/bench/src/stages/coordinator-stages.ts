/** The Transaction Manager's part of a round: from the client's bytes to requests for the buckets, and back. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { GlobalLocks, MemoryLockStore, type BucketLocks } from '@mas/global-lock';
import { txnPreimage } from '@mas/ledger';
import { LeaderDirectory, type PlacementIndex } from '@mas/placement';
import { encodeEntry } from '@mas/redis-store';
import { platformDigest } from '@mas/resource-manager';
import { CreatePaymentsRequest, EncodedInstructions, SessionCodec, validatePayment, WireWriter, writePaymentReplies } from '@mas/rpc';
import {
  coordinatorConfig,
  draftOf,
  identityOf,
  noFailpoints,
  TransactionCoordinator,
  type Caller,
  type PaymentRequest,
  type PaymentResult,
  type Reply,
} from '@mas/transaction-coordinator';
import { present, SeededRandom, silentLogger, type Clock } from '@mas/values';
import { AnsweringBuckets, KeptJournal, type InstructionRequest } from './answering-buckets';
import type { StageMeter } from './stage-meter';

/** As long as a token of ours is. */
export const TOKEN = `eyJhbGciOiJFUzI1NiJ9.${'c3RhZ2Vz'.repeat(22)}.${'c2lnbmF0dXJl'.repeat(7)}`;
const OPERATOR = { kind: 'operator', name: 'mas|ops' } as const;
const ENDLESS_MS = 3_600_000;

export class CoordinatorStages {
  private readonly buckets: AnsweringBuckets;
  private readonly journal = new KeptJournal();
  private readonly coordinator: TransactionCoordinator;
  private readonly codec = new SessionCodec(new EncodedInstructions());
  private readonly writer = new WireWriter();

  constructor(
    private readonly meter: StageMeter,
    placement: PlacementIndex,
    private readonly clock: Clock,
  ) {
    this.buckets = new AnsweringBuckets(placement.map);
    const config = coordinatorConfig({ coordinatorId: 'tc-1' });
    if (!config.ok) throw new Error('the coordinator is configured wrongly');
    const lockStore = new MemoryLockStore(clock);
    const locks = new GlobalLocks({ store: lockStore, buckets: NO_LOCKS, clock, random: new SeededRandom(1), logger: silentLogger });
    this.coordinator = new TransactionCoordinator(
      {
        dao: this.journal,
        participants: this.buckets,
        locks,
        lockStore,
        directory: new LeaderDirectory(placement),
        digest: (preimage) => platformDigest.sha256Hex(preimage),
        clock,
        random: new SeededRandom(1),
        logger: silentLogger,
        failpoints: noFailpoints,
      },
      config.value,
    );
  }

  /** @returns the requests that the payments take, in the order of their phases. */
  async run(batches: readonly Uint8Array[], units: number): Promise<readonly InstructionRequest[]> {
    const { meter, clock } = this;
    const caller: Caller = { subject: OPERATOR, token: TOKEN, deadlineMs: clock.monotonicMs() + ENDLESS_MS };
    const decoded = meter.take('TM: decode the client’s bytes', units, () => batches.map((bytes) => CreatePaymentsRequest.decode(bytes).payments));
    const requests = meter.take('TM: validate', units, () => decoded.map((payments) => payments.map((payment) => valueOf(validatePayment(payment)))));
    const drafts = meter.take('TM: identity and draft', units, () => requests.flat().map((request) => this.draft(request)));
    meter.take('TM: hash', units, () => drafts.map(({ key, body }) => platformDigest.sha256Hex(txnPreimage(2, key, body))));
    const replies = await meter.takeAsync('TM: coordinator on fakes, draft and hash included', units, () => this.coordinate(caller, requests, units));
    meter.take('TM: answers', units, () => replies.forEach((each) => this.answer(each)));
    meter.take('TM: Redis entries at the begin', units, () => this.journal.begun.forEach(encodeEntry));
    meter.take('TM: Redis entries at the end', units, () => this.journal.ended.forEach(encodeEntry));
    const sent = inPhases(this.buckets.requests);
    this.buckets.forget();
    this.journal.begun = [];
    this.journal.ended = [];
    return sent;
  }

  encode(requests: readonly InstructionRequest[], units: number): readonly Buffer[] {
    return this.meter.take('TM: encode requests', units, () =>
      requests.map((request, correlationId) => this.codec.encodeCorrelatedRequest({ correlationId, request, passage: null })),
    );
  }

  decode(replies: readonly Buffer[], units: number): void {
    this.meter.take('TM: decode replies', units, () => replies.map((bytes) => this.codec.decodeReplies(bytes)));
  }

  private draft(request: PaymentRequest): { readonly key: Parameters<typeof txnPreimage>[1]; readonly body: Parameters<typeof txnPreimage>[2] } {
    const { key } = valueOf(identityOf(OPERATOR, request.id));
    return { key, body: valueOf(draftOf(request, null, OPERATOR, 1)).body };
  }

  private async coordinate(
    caller: Caller,
    requests: readonly (readonly PaymentRequest[])[],
    units: number,
  ): Promise<readonly (readonly Reply<PaymentResult>[])[]> {
    const until = this.buckets.acknowledged + units;
    const replies = await Promise.all(requests.map((batch) => this.coordinator.createPayments(caller, batch)));
    while (this.buckets.acknowledged < until || this.journal.ended.length < units) await turnOfTheLoop();
    return replies;
  }

  private answer(replies: readonly Reply<PaymentResult>[]): Uint8Array {
    this.writer.discard();
    writePaymentReplies(this.writer, replies);
    return this.writer.finish();
  }
}

const NO_LOCKS: BucketLocks = {
  acquire: () => Promise.resolve({ kind: 'unavailable', reason: 'no locks here' }),
  refresh: () => Promise.resolve('unavailable'),
  release: () => Promise.resolve('unavailable'),
  inspect: () => Promise.resolve(null),
  list: () => Promise.resolve({ locks: [], silent: [] }),
  break: () => Promise.resolve({ kind: 'unavailable', reason: 'no locks here' }),
};

function inPhases(requests: readonly InstructionRequest[]): readonly InstructionRequest[] {
  const order = ['prepare', 'decide-commit', 'commit', 'commit-many', 'acknowledge', 'acknowledge-many'];
  // A channel's request holds instructions of several kinds where phase 2 of one bucket brings both.
  const split = requests.flatMap((request) =>
    order.map((kind) => ({ ...request, items: request.items.filter(({ instruction }) => instruction.kind === kind) })).filter(({ items }) => items.length > 0),
  );
  const rank = (request: InstructionRequest): number => order.indexOf(present(request.items[0], 'item').instruction.kind);
  return split.sort((a, b) => rank(a) - rank(b));
}

function valueOf<Value>(reply: Reply<Value>): Value {
  if (!reply.ok) throw new Error(`refused: ${reply.error.reason}`);
  return reply.value;
}
