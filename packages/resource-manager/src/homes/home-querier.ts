/**
 * Asks the homes of undecided legs what they have recorded. Questions about one home bucket share a request; while it
 * is under way, what arrives gathers for the next, so an answer is never older than its question.
 */
import type { AbortReason, OutcomeRow } from '@mas/ledger';
import type { LeaderDirectory } from '@mas/placement';
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

interface Waiting {
  readonly question: LegQuestion;
  readonly closedAtUs: number | null;
  readonly done: (verdict: Verdict) => void;
}

interface HomeQueue {
  readonly waiting: Waiting[];
  asking: boolean;
}

export class HomeQuerier {
  private readonly queues = new Map<BucketId, HomeQueue>();

  constructor(
    private readonly exchange: BucketExchange,
    private readonly directory: LeaderDirectory,
    private readonly maxKeys: number,
  ) {}

  /** @param closedAtUs "undecided" has to stay true for every commit time up to this moment; null: as of now */
  ask(questions: readonly LegQuestion[], closedAtUs: number | null): Promise<readonly Verdict[]> {
    return Promise.all(
      questions
        .map(
          (question) =>
            new Promise<Verdict>((done) => {
              this.queueOf(this.directory.placement().bucketOf(question.homeSlot)).waiting.push({ question, closedAtUs, done });
            }),
        )
        .concat(this.start()),
    );
  }

  private queueOf(home: BucketId): HomeQueue {
    let queue = this.queues.get(home);
    if (queue === undefined) {
      queue = { waiting: [], asking: false };
      this.queues.set(home, queue);
    }
    return queue;
  }

  /** Starts every queue that is not being asked; adds no answer of its own. */
  private start(): readonly never[] {
    for (const [home, queue] of this.queues) if (!queue.asking && queue.waiting.length > 0) void this.drain(home, queue);
    return [];
  }

  private async drain(home: BucketId, queue: HomeQueue): Promise<void> {
    queue.asking = true;
    while (queue.waiting.length > 0) {
      const round = queue.waiting.splice(0, this.maxKeys);
      const behind = queue.waiting.length;
      const verdicts = await this.askHome(
        home,
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

  private async askHome(home: BucketId, questions: readonly LegQuestion[], closedAtUs: number | null): Promise<readonly Verdict[]> {
    const reply = await this.exchange.ask(home, { kind: 'query', bucket: home, keys: questions.map(({ key, homeSlot }) => ({ key, homeSlot })), closedAtUs });
    if (reply.kind !== 'queried') {
      const reason = `home bucket ${home}: ${reply.kind === 'unavailable' ? reply.reason : reply.kind}`;
      // It refuses a moment that some of these asked about; others may be answered.
      const isSilent = reply.kind !== 'no-moment';
      const noQuorum = reply.kind === 'no-quorum' ? { home, missing: reply.missing } : null;
      return questions.map(() => ({ kind: 'unreachable', isSilent, reason, noQuorum }));
    }
    return questions.map((question, at) => verdictOf(question.txn, reply.outcomes[at] ?? null));
  }
}

/** Closed later than asked for is closed as well. */
function latest(round: readonly Waiting[]): number | null {
  return round.reduce<number | null>((us, { closedAtUs }) => (closedAtUs === null ? us : Math.max(us ?? 0, closedAtUs)), null);
}

/** What a home's record means for one txn: a key that is bound to another payment aborts this one. */
export function verdictOf(txn: TxnId, outcome: Pick<OutcomeRow, 'txn' | 'decision'> | null): Verdict {
  if (outcome === null) return { kind: 'undecided' };
  if (outcome.txn !== txn) return { kind: 'aborted', reason: { name: 'ID_CONFLICT', account: null, facts: {} } };
  return outcome.decision.kind === 'committed'
    ? { kind: 'committed', commitUs: outcome.decision.commitUs }
    : { kind: 'aborted', reason: outcome.decision.reason };
}
