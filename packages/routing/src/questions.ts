/**
 * Who leads? Put to a bucket's replicas while somebody waits for its leader. However many wait, they share the questions; what is
 * answered goes into the directory, and everybody who waits looks there.
 */
import { QUESTION_MS, type LeaderDirectory } from '@mas/placement';
import type { ParticipantClient } from '@mas/two-phase-commit';
import type { BucketId, Clock, RmId, Timer } from '@mas/values';

/** An answer is no longer waited for after so long; it is learned how long they take. */
const ANSWER_MS = 1_500;
/** So long a replica that has not answered is not asked the same again. */
const PATIENCE_MS = 200;

export interface QuestionPorts {
  readonly participants: ParticipantClient;
  readonly directory: LeaderDirectory;
  readonly clock: Clock;
}

interface Waiting {
  readonly onNews: Set<() => void>;
  /** Questions under way, and since when. */
  readonly asked: Map<RmId, number>;
  timer: Timer | null;
  isTelling: boolean;
}

export class Questions {
  private readonly buckets = new Map<BucketId, Waiting>();

  constructor(private readonly ports: QuestionPorts) {}

  /** Puts the question now and every QUESTION_MS until the returned function is called. @param onNews after each answer. */
  while(bucket: BucketId, onNews: () => void): () => void {
    const waiting = this.waiting(bucket);
    waiting.onNews.add(onNews);
    if (waiting.timer === null) this.round(bucket, waiting);
    return () => {
      waiting.onNews.delete(onNews);
      if (waiting.onNews.size > 0) return;
      waiting.timer?.cancel();
      waiting.timer = null;
    };
  }

  /** To those replicas that are silent, whether they still are: at most twice a second each, whoever calls this. */
  askTheSilent(bucket: BucketId): void {
    const { directory, clock } = this.ports;
    for (const rm of directory.askedAbout(bucket)) if (directory.silences.isDue(rm, clock.monotonicMs())) this.ask(bucket, this.waiting(bucket), rm);
  }

  private round(bucket: BucketId, waiting: Waiting): void {
    const { directory, clock } = this.ports;
    const nowMs = clock.monotonicMs();
    for (const rm of directory.askedAbout(bucket)) {
      const askedMs = waiting.asked.get(rm);
      if (askedMs === undefined || nowMs - askedMs >= PATIENCE_MS) this.ask(bucket, waiting, rm);
    }
    waiting.timer = clock.schedule(QUESTION_MS, () => this.round(bucket, waiting));
  }

  private ask(bucket: BucketId, waiting: Waiting, rm: RmId): void {
    const { participants, directory, clock } = this.ports;
    const askedMs = clock.monotonicMs();
    waiting.asked.set(rm, askedMs);
    directory.silences.asked(rm, askedMs);
    void participants.send(rm, { kind: 'who-leads', bucket }, ANSWER_MS).then((reply) => {
      if (waiting.asked.get(rm) === askedMs) waiting.asked.delete(rm);
      if (reply.kind === 'leadership') directory.said(bucket, rm, reply, askedMs, clock.monotonicMs());
      else if (reply.kind !== 'unknown' && reply.kind !== 'not-sent') directory.silences.answered(rm, clock.monotonicMs());
      this.tell(waiting);
    });
  }

  /** Only when all sockets have been read: after a stall of this process they hold more answers than this one. */
  private tell(waiting: Waiting): void {
    if (waiting.isTelling) return;
    waiting.isTelling = true;
    this.ports.clock.defer(() => {
      waiting.isTelling = false;
      for (const onNews of [...waiting.onNews]) onNews();
    });
  }

  private waiting(bucket: BucketId): Waiting {
    let waiting = this.buckets.get(bucket);
    if (waiting === undefined) {
      waiting = { onNews: new Set(), asked: new Map(), timer: null, isTelling: false };
      this.buckets.set(bucket, waiting);
    }
    return waiting;
  }
}
