/**
 * CreatePayment: from a request to one answer. Checks what can be checked without a row and runs the global transaction. What
 * has to be found or waited for before that, for payments that refer to others or that locks concern, is in preconditions.ts.
 */
import { txnPreimage } from '@mas/ledger';
import { globalTransaction, remoteLegOf, type Placing, type TransactionAnswer, type TransactionLimits, type TransactionPlan } from '@mas/two-phase-commit';
import { txnId, type TxnId } from '@mas/values';
import type { Caller, PaymentRequest, PaymentResult, Reply } from '../coordinator-service';
import { crowded, failure } from '../reply';
import { AnswerTimes } from './answer-times';
import { FlightGroups } from './flight-groups';
import { identityOf, type Identity } from './identity';
import { draftOf, type Draft, type Original } from './payment-draft';
import { asRepetition, replyOf } from './payment-result';
import { PaymentRun } from './payment-run';
import { NO_LOCKS, Preconditions, type PaymentServices, type Permit } from './preconditions';

/** So long a payment follows slots that move; its deadline, where it has one, is sooner. */
export const MOVED_RETRY_MS = 10_000;
/** What does not expire reads no clock. */
const NEVER_EXPIRES = 0;

export class Payments {
  readonly answerTimes = new AnswerTimes();
  private stopping = false;
  /** Transactions that have not ended, answered or not. */
  private running = 0;
  private readonly preconditions: Preconditions;
  private readonly limits: TransactionLimits;
  private readonly flights: FlightGroups;

  constructor(private readonly services: PaymentServices) {
    const { lockedRetryMs, retryBackoffMinMs: retryMinMs, retryBackoffMaxMs: retryMaxMs } = services.config;
    this.limits = { lockedRetryMs, retryMinMs, retryMaxMs, movedRetryMs: MOVED_RETRY_MS };
    this.preconditions = new Preconditions(services);
    this.flights = new FlightGroups(services);
  }

  refuseNew(): void {
    this.stopping = true;
  }

  /** Not ended, answered or not. */
  get open(): number {
    return this.running;
  }

  get idle(): boolean {
    return this.running === 0 && this.services.counters.paymentsInFlight === 0;
  }

  /** Not async where nothing has to be waited for first: a promise and a frame less for every payment. */
  create(caller: Caller, request: PaymentRequest): Promise<Reply<PaymentResult>> {
    if (this.isPlain(request)) return new Promise((resolve, reject) => this.boarded(() => this.board(caller, request, resolve), reject));
    const refused = this.admission(caller);
    if (refused !== null) return Promise.resolve(this.rejected(refused));
    this.services.counters.paymentsInFlight += 1;
    return this.admitted(caller, request).then(this.left, this.failed);
  }

  /** In the order of the requests. */
  createAll(caller: Caller, requests: readonly PaymentRequest[]): Promise<readonly Reply<PaymentResult>[]> {
    return new Promise((resolve, reject) => {
      const replies = new Array<Reply<PaymentResult>>(requests.length);
      let open = requests.length;
      const reply = (place: number, said: Reply<PaymentResult>): void => {
        replies[place] = said;
        open -= 1;
        if (open === 0) resolve(replies);
      };
      for (const [place, request] of requests.entries()) {
        const said = (each: Reply<PaymentResult>): void => reply(place, each);
        if (!this.isPlain(request)) this.create(caller, request).then(said, reject);
        else this.boarded(() => this.board(caller, request, said), reject);
      }
      if (requests.length === 0) resolve(replies);
    });
  }

  /** A defect that one payment brings up keeps none of the others from going on. */
  private boarded(work: () => void, reject: (error: unknown) => void): void {
    try {
      work();
    } catch (error) {
      reject(error);
    }
  }

  /** It refers to no other payment, does not expire and takes no locks of its own. */
  private isPlain(request: PaymentRequest): boolean {
    return request.reference === null && request.expiresInSeconds === null && request.lockHandle === null && this.services.config.accountLock === 'shared';
  }

  private readonly left = (reply: Reply<PaymentResult>): Reply<PaymentResult> => {
    this.services.counters.paymentsInFlight -= 1;
    return reply;
  };

  private readonly failed = (error: unknown): never => {
    this.services.counters.paymentsInFlight -= 1;
    throw error;
  };

  /** Puts it among those that go together, by the buckets that they touch, or on its own way where it has legs in more than one other bucket. */
  private board(caller: Caller, request: PaymentRequest, reply: (said: Reply<PaymentResult>) => void): void {
    const { services } = this;
    const refused = this.admission(caller);
    if (refused !== null) return reply(this.rejected(refused));
    const identity = identityOf(caller.subject, request.id);
    if (!identity.ok) return reply(this.rejected(identity));
    const draft = draftOf(request, null, caller.subject, NEVER_EXPIRES);
    if (!draft.ok) return reply(this.rejected(draft));
    const placing = services.placements.placing(identity.value.homeSlot, draft.value.body);
    const crowd = this.crowd(placing);
    if (crowd !== null) return reply(this.rejected(crowd));
    services.counters.paymentsInFlight += 1;
    this.running += 1;
    const plan = this.planOf(caller, identity.value, draft.value, this.txnOf(identity.value, draft.value), NO_LOCKS);
    const answered = this.answerer(plan, draft.value);
    const onAnswer = (said: TransactionAnswer): void => {
      services.counters.paymentsInFlight -= 1;
      reply(answered(said));
    };
    const remote = remoteLegOf(plan, placing);
    const { token, deadlineMs } = caller;
    if (remote !== 'off' && this.flights.take({ plan, placing, remote, token, deadlineMs, onAnswer, onEnded: this.ended })) return;
    new PaymentRun(services, globalTransaction(plan, placing), {
      token,
      deadlineMs,
      lockDenied: null,
      holdsLocks: false,
      onAnswer,
      onEnded: this.ended,
    }).begin();
  }

  private readonly ended = (): void => {
    this.running -= 1;
  };

  private async admitted(caller: Caller, request: PaymentRequest): Promise<Reply<PaymentResult>> {
    const identity = identityOf(caller.subject, request.id);
    if (!identity.ok) return this.rejected(identity);
    let original: Original | null = null;
    if (request.reference !== null) {
      const found = await this.preconditions.original(caller, request.reference);
      if (!found.ok) return this.rejected(found);
      original = found.value;
    }
    const draft = draftOf(request, original, caller.subject, request.expiresInSeconds === null ? NEVER_EXPIRES : await this.services.ledgerTime.nowMs());
    if (!draft.ok) return this.rejected(draft);
    const placing = this.services.placements.placing(identity.value.homeSlot, draft.value.body);
    const crowd = this.crowd(placing);
    if (crowd !== null) return this.rejected(crowd);
    const txn = this.txnOf(identity.value, draft.value);
    let permit = NO_LOCKS;
    if (request.lockHandle !== null || this.services.config.accountLock === 'exclusive') {
      const locked = await this.preconditions.permit(caller, request, identity.value, draft.value, txn);
      if (locked.kind === 'reply') return locked.reply;
      permit = locked.permit;
    }
    return this.run(caller, identity.value, draft.value, txn, permit, placing);
  }

  private crowd({ homeBucket, legBuckets }: Placing): Reply<never> | null {
    const found = this.services.link.crowded([homeBucket, ...legBuckets]);
    return found === null ? null : crowded(found);
  }

  private txnOf(identity: Identity, draft: Draft): TxnId {
    return txnId(this.services.digest(txnPreimage(this.services.placements.txnVersion, identity.key, draft.body)));
  }

  private planOf(caller: Caller, { key, homeSlot }: Identity, { body }: Draft, txn: TxnId, { tokens: lockTokens }: Permit): TransactionPlan {
    const { clock } = this.services;
    return {
      txn,
      key,
      homeSlot,
      body,
      subject: caller.subject,
      lockTokens,
      createdAtMs: clock.wallMs(),
      startedAtMs: clock.monotonicMs(),
      limits: this.limits,
    };
  }

  /** What its caller hears, once the coordinator knows. */
  private answerer({ txn, startedAtMs }: TransactionPlan, draft: Draft): (said: TransactionAnswer) => Reply<PaymentResult> {
    const namespace = this.services.cache.currentNamespace();
    return (said) => {
      const answer = asRepetition(said, draft);
      this.noteAnswer(answer, namespace);
      if (answer.kind === 'recorded') this.answerTimes.add(this.services.clock.monotonicMs() - startedAtMs);
      return replyOf(answer, txn, draft);
    };
  }

  private run(caller: Caller, identity: Identity, draft: Draft, txn: TxnId, permit: Permit, placing: Placing): Promise<Reply<PaymentResult>> {
    const plan = this.planOf(caller, identity, draft, txn, permit);
    const answered = this.answerer(plan, draft);
    this.running += 1;
    return new Promise((resolve) => {
      const run = new PaymentRun(this.services, globalTransaction(plan, placing), {
        token: caller.token,
        deadlineMs: caller.deadlineMs,
        lockDenied: permit.denied,
        holdsLocks: permit.handle !== null,
        onAnswer: (said) => resolve(answered(said)),
        onEnded: () => {
          this.ended();
          this.preconditions.unlock(draft, permit, identity, txn);
        },
      });
      run.begin();
    });
  }

  private admission(caller: Caller): Reply<never> | null {
    const { config, counters, clock, link } = this.services;
    if (this.stopping) return failure('unavailable', 'SHUTTING_DOWN', 'This coordinator is shutting down; ask another one with the same id.');
    if (!this.services.placements.isTold)
      return failure(
        'unavailable',
        'STARTING',
        'This coordinator has just started and has no map of its cluster yet; ask another one, or this one again in a moment, with the same id.',
      );
    if (caller.deadlineMs <= clock.monotonicMs())
      return failure('deadline-exceeded', 'DEADLINE_EXCEEDED', 'The deadline had passed when the request arrived; this attempt did nothing.');
    if (counters.paymentsInFlight >= config.maxPaymentsInFlight) {
      return failure(
        'resource-exhausted',
        'TOO_MANY_PAYMENTS',
        `This coordinator has ${counters.paymentsInFlight} payments under way; try again later with the same id.`,
      );
    }
    if (this.running >= config.maxPaymentsRunning) {
      return failure(
        'resource-exhausted',
        'TOO_MANY_PAYMENTS_RUNNING',
        `This coordinator has ${this.running} payments that have not ended, most of them because a bucket does not answer; send the same request again in a moment, with the same id, or to another Transaction Manager.`,
      );
    }
    if (!link.follower.reachability.admits())
      return failure('unavailable', 'CUT_OFF', 'No Resource Manager answers this coordinator; ask another one, or this one again, with the same id.');
    return null;
  }

  private noteAnswer(answer: TransactionAnswer, namespace: string | null): void {
    const { counters, cache } = this.services;
    switch (answer.kind) {
      case 'recorded':
        if (answer.outcome.decision.kind === 'aborted') {
          counters.aborted.add(answer.outcome.decision.reason.name);
          return;
        }
        counters.paymentsCommitted += 1;
        if (answer.fresh) cache.committed(namespace, answer.outcome);
        return;
      case 'conflict':
        counters.paymentsConflicting += 1;
        return;
      case 'unknown':
      case 'no-quorum':
      case 'no-store':
        counters.unknown.add(answer.kind);
        return;
      case 'rejected':
        counters.refused.add(answer.error);
    }
  }

  private rejected(reply: Reply<never>): Reply<never> {
    if (!reply.ok) this.services.counters.refused.add(reply.error.reason);
    return reply;
  }
}
