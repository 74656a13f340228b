/**
 * Asks the homes of undecided legs what they have recorded. Questions of one kind about one home bucket share a request; while it
 * is under way, what arrives gathers for the next, so an answer is never older than its question.
 */
import type { AbortReason } from '@mas/ledger';
import type { LeaderDirectory } from '@mas/placement';
import type { HomeDecision, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { present, type BucketId, type MissingQuorum, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import type { BucketExchange } from './exchange';

export interface LegQuestion {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
}

export type Verdict =
  | { readonly kind: 'committed'; readonly commitUs: number | null }
  | { readonly kind: 'aborted'; readonly reason: AbortReason }
  /** The home has recorded nothing when it was asked. */
  | { readonly kind: 'undecided' }
  | {
      readonly kind: 'unreachable';
      readonly isSilent: boolean;
      readonly reason: string;
      readonly noQuorum: { readonly home: BucketId; readonly missing: MissingQuorum } | null;
    };

/** See ParticipantRequest, `query`: a moment, microseconds since the Unix epoch, and whether it alone matters. */
export interface AsOf {
  readonly closedAtUs: number | null;
  readonly isPast: boolean;
}

export const AS_OF_NOW: AsOf = { closedAtUs: null, isPast: false };

interface Waiting {
  readonly question: LegQuestion;
  readonly asOf: AsOf;
  readonly done: (verdict: Verdict) => void;
}

interface HomeQueue {
  readonly home: BucketId;
  readonly isPast: boolean;
  readonly waiting: Waiting[];
  asking: boolean;
}

/** A home that must be asked does not answer. */
export type HomesSilent = Extract<ParticipantReply, { readonly kind: 'home-without-quorum' | 'unavailable' }>;

export class HomeQuerier {
  /** Of questions about now, which cost the home a quorum, and of those about a moment alone, which do not. */
  private readonly queues = { now: new Map<BucketId, HomeQueue>(), past: new Map<BucketId, HomeQueue>() };

  constructor(
    private readonly exchange: BucketExchange,
    private readonly directory: LeaderDirectory,
    private readonly maxKeys: number,
  ) {}

  ask(questions: readonly LegQuestion[], asOf: AsOf): Promise<readonly Verdict[]> {
    return Promise.all(
      questions
        .map(
          (question) =>
            new Promise<Verdict>((done) => {
              this.queueOf(this.homeOf(question), asOf).waiting.push({ question, asOf, done });
            }),
        )
        .concat(this.start()),
    );
  }

  /**
   * A moment behind everything that was decided so far in homes of these slots. Their owners record nothing for it, and look nothing up.
   * @returns microseconds since the Unix epoch; null: one of them has no moments yet
   */
  async momentOf(slots: Iterable<Slot>): Promise<number | null | HomesSilent> {
    const byHome = new Map<BucketId, Slot[]>();
    for (const homeSlot of slots) {
      const home = this.homeOf({ homeSlot });
      const named = byHome.get(home);
      if (named === undefined) byHome.set(home, [homeSlot]);
      else named.push(homeSlot);
    }
    const asked = [...byHome].map(async ([home, named]) => [home, await this.exchange.ask(home, momentQuestion(home, named))] as const);
    let latestUs: number | null = 0;
    for (const [home, reply] of await Promise.all(asked)) {
      if (reply.kind !== 'accounts') return silenceOf(home, reply);
      latestUs = latestUs === null || reply.momentUs === null ? null : Math.max(latestUs, reply.momentUs);
    }
    return latestUs;
  }

  homeOf({ homeSlot }: Pick<LegQuestion, 'homeSlot'>): BucketId {
    return this.directory.placement().bucketOf(homeSlot);
  }

  private queueOf(home: BucketId, { isPast }: AsOf): HomeQueue {
    const queues = isPast ? this.queues.past : this.queues.now;
    let queue = queues.get(home);
    if (queue === undefined) {
      queue = { home, isPast, waiting: [], asking: false };
      queues.set(home, queue);
    }
    return queue;
  }

  /** Starts every queue that is not being asked; adds no answer of its own. */
  private start(): readonly never[] {
    for (const queues of [this.queues.now, this.queues.past])
      for (const queue of queues.values()) if (!queue.asking && queue.waiting.length > 0) void this.drain(queue);
    return [];
  }

  private async drain(queue: HomeQueue): Promise<void> {
    queue.asking = true;
    while (queue.waiting.length > 0) {
      const round = queue.waiting.splice(0, this.maxKeys);
      const behind = queue.waiting.length;
      const verdicts = await this.askHome(
        queue,
        round.map(({ question }) => question),
        latest(round),
      );
      for (const [at, { done }] of round.entries()) done(present(verdicts[at], 'verdict'));
      const [first] = verdicts;
      // Whoever has waited for as long as that has heard nothing from it either: else each waits for all the silences before his own.
      if (first?.kind === 'unreachable' && first.isSilent) for (const { done } of queue.waiting.splice(0, behind)) done(first);
    }
    queue.asking = false;
  }

  private async askHome({ home, isPast }: HomeQueue, questions: readonly LegQuestion[], closedAtUs: number | null): Promise<readonly Verdict[]> {
    const keys = questions.map(({ key, homeSlot }) => ({ key, homeSlot }));
    const reply = await this.exchange.ask(home, { kind: 'query', bucket: home, keys, closedAtUs, isPast, decisionsOnly: true });
    const recorded = recordedIn(reply);
    if (recorded !== null) return questions.map((question, at) => verdictOf(question.txn, recorded[at] ?? null));
    const reason = reasonOf(home, reply);
    // It refuses a moment, or a home that has moved, that some of these asked about; others may be answered.
    const isSilent = reply.kind !== 'no-moment' && reply.kind !== 'wrong-bucket';
    const noQuorum = reply.kind === 'no-quorum' ? { home, missing: reply.missing } : null;
    return questions.map(() => ({ kind: 'unreachable', isSilent, reason, noQuorum }));
  }
}

function recordedIn(reply: ParticipantReply): readonly (HomeDecision | null)[] | null {
  if (reply.kind === 'decisions') return reply.decisions;
  return reply.kind === 'queried' ? reply.outcomes : null;
}

function momentQuestion(home: BucketId, slots: readonly Slot[]): ParticipantRequest {
  return { kind: 'read-accounts', bucket: home, level: 'committed', numbers: [], token: null, at: { ofHomes: slots } };
}

function silenceOf(home: BucketId, reply: ParticipantReply): HomesSilent {
  if (reply.kind === 'no-quorum') return { kind: 'home-without-quorum', home, missing: reply.missing };
  return { kind: 'unavailable', reason: reasonOf(home, reply) };
}

function reasonOf(home: BucketId, reply: ParticipantReply): string {
  return `home bucket ${home}: ${reply.kind === 'unavailable' ? reply.reason : reply.kind}`;
}

/** Closed later than asked for is closed as well. */
function latest(round: readonly Waiting[]): number | null {
  return round.reduce<number | null>((us, { asOf: { closedAtUs } }) => (closedAtUs === null ? us : Math.max(us ?? 0, closedAtUs)), null);
}

/** What a home's record means for one txn: a key that is bound to another payment aborts this one. */
export function verdictOf(txn: TxnId, outcome: HomeDecision | null): Verdict {
  if (outcome === null) return { kind: 'undecided' };
  if (outcome.txn !== txn) return { kind: 'aborted', reason: { name: 'ID_CONFLICT', account: null, facts: {} } };
  return outcome.decision.kind === 'committed'
    ? { kind: 'committed', commitUs: outcome.decision.commitUs }
    : { kind: 'aborted', reason: outcome.decision.reason };
}
