/**
 * Payments that go together, of one request or of many callers' calls, come to what they come to alone: the same answers, the same entries in Redis step by step and millisecond by
 * millisecond, the same instructions to every bucket, the same counts. Over refusals, locks, lost and late messages,
 * refused tokens, short deadlines, a silent Redis, repetitions and conflicts. Each payment has accounts of its own, so that the order
 * within a request, which does differ, changes nothing.
 */
import * as fc from 'fast-check';
import type { Subject } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { ParticipantRequest } from '@mas/two-phase-commit';
import { present, type Durations, type Random } from '@mas/values';
import type { CoordinatorCounters } from '../coordinator-counters';
import type { PaymentRequest, PaymentResult, Reply } from '../coordinator-service';
import { instructionsIn } from '../testing/fake-cluster';
import { OPERATOR, Rig } from '../testing/rig';
import type { TransactionEntry } from '../txn-coordinator-dao';

const BALANCE = 100n;
const RUNS = 60;
const ANOTHER: Subject = { kind: 'operator', name: 'mas|others' };

interface Asked {
  readonly fromBucket: number;
  readonly toBucket: number;
  /** Where a third leg lives, if there is one: with the other one it is a second remote leg, which goes alone. */
  readonly third: 'with the payer' | 'with the payee' | null;
  readonly fate:
    | 'fits'
    | 'too much'
    | 'no such account'
    | 'locked in Redis'
    | 'locked in its bucket'
    | 'asked twice'
    | 'asked again later'
    | 'another body under its id';
}

interface Call {
  readonly timeoutMs: number;
  readonly token: 'token' | 'another' | 'expired';
}

interface Scenario {
  /**
   * What comes in one turn: the payments of one request, or as many calls by as many callers, each with its own subject, token and time; the time
   * until the next.
   */
  readonly batches: readonly {
    readonly payments: readonly Asked[];
    readonly pauseMs: number;
    readonly one: Call;
    readonly calls: readonly (Call & { readonly isAnother: boolean })[] | null;
  }[];
  readonly redis: 'well' | 'hang' | 'refuse';
  /** Requests to a bucket with something of a phase that leave within a time, ms from the start, are so late. */
  readonly late: readonly { readonly bucket: number; readonly phase: string; readonly fromMs: number; readonly untilMs: number; readonly byMs: number }[];
  /** What becomes of all requests to a bucket with something of a phase. */
  readonly broken: readonly { readonly bucket: number; readonly phase: string; readonly what: 'lose-request' | 'lose-reply' | 'unavailable' }[];
}

/** With or without a commit time. */
type Entry = Omit<TransactionEntry, 'commitUs'> & { readonly commitUs: boolean };

interface History {
  readonly replies: readonly (readonly Reply<PaymentResult>[])[];
  readonly entries: readonly Entry[];
  /** With their buckets and, where somebody waits for them, times: what nobody waits for goes with what is asked in the same moment, or 10 ms later. */
  readonly instructions: readonly string[];
  readonly counters: Omit<CoordinatorCounters, 'instructionRequests' | 'requestRetries' | 'redisBegins' | 'redisRecords' | 'steps'>;
  /** How often each step was finished; a timeline knows whole milliseconds only. */
  readonly steps: Readonly<Record<string, number>>;
  readonly balances: readonly (bigint | undefined)[];
  readonly leftovers: readonly string[];
}

const bucket = fc.integer({ min: 1, max: 3 });
const asked: fc.Arbitrary<Asked> = fc.record({
  fromBucket: bucket,
  toBucket: bucket,
  third: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom('with the payer' as const, 'with the payee' as const) }),
  fate: fc.oneof(
    { weight: 6, arbitrary: fc.constant('fits' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'too much' as const,
        'no such account' as const,
        'locked in Redis' as const,
        'locked in its bucket' as const,
        'asked twice' as const,
        'asked again later' as const,
        'another body under its id' as const,
      ),
    },
  ),
});
const phase = fc.constantFrom('phase-1', 'phase-2-commit', 'phase-2-rollback');
const late = fc.array(
  fc
    .record({ bucket, phase, fromMs: fc.constantFrom(0, 1, 700), forMs: fc.constantFrom(1, 5, 4_000), byMs: fc.constantFrom(3, 300, 5_000) })
    .map(({ forMs, ...each }) => ({ ...each, untilMs: each.fromMs + forMs })),
  { maxLength: 3 },
);
const broken = fc.array(fc.record({ bucket, phase, what: fc.constantFrom('lose-request' as const, 'lose-reply' as const, 'unavailable' as const) }), {
  minLength: 1,
  maxLength: 2,
});
const call = {
  timeoutMs: fc.oneof({ weight: 4, arbitrary: fc.constant(20_000) }, { weight: 1, arbitrary: fc.constantFrom(402, 900, 2_500) }),
  token: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('token' as const, 'another' as const) }, { weight: 1, arbitrary: fc.constant('expired' as const) }),
};
const MOST_AT_ONCE = 6;
/** One for each payment of a turn, those that are asked twice included. */
const calls = fc.array(fc.record({ ...call, isAnother: fc.boolean() }), { minLength: 2 * MOST_AT_ONCE, maxLength: 2 * MOST_AT_ONCE });
const scenario = {
  batches: fc.array(
    fc.record({
      payments: fc.array(asked, { minLength: 1, maxLength: MOST_AT_ONCE }),
      pauseMs: fc.constantFrom(0, 1, 700, 3_000),
      one: fc.record(call),
      calls: fc.option(calls),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  redis: fc.oneof({ weight: 4, arbitrary: fc.constant('well' as const) }, { weight: 1, arbitrary: fc.constantFrom('hang' as const, 'refuse' as const) }),
};

const IN_THEIR_OWN_TIME: ReadonlySet<string> = new Set(['commit', 'rollback', 'acknowledge']);

/** A request has instructions of all phases, and the faults of a network are whole requests'. */
function carries(request: Extract<ParticipantRequest, { readonly kind: 'instructions' }>, phase: string): boolean {
  return request.items.some(
    ({ instruction: { kind } }) => phase === (kind === 'prepare' ? 'phase-1' : kind === 'rollback' ? 'phase-2-rollback' : 'phase-2-commit'),
  );
}

const EVEN: Random = { unit: () => 0.5, below: (max) => Math.floor(max / 2) };

async function history({ batches, redis, late, broken }: Scenario, maxFlightPayments: number): Promise<History> {
  // A request does not wait for another: what shares one depends on the order of replies that come at the same moment.
  const rig = new Rig({ config: { maxFlightPayments, requestsInFlight: 64 }, random: EVEN });
  rig.dao.mood = redis;
  const startMs = rig.clock.monotonicMs();
  const sentAt = (request: ParticipantRequest): number => (rig.cluster.sent.find((each) => each.request === request)?.atMs ?? startMs) - startMs;
  rig.cluster.lagMs = (request) => {
    if (request.kind !== 'instructions') return 0;
    const atMs = sentAt(request);
    return late.find((each) => each.bucket === request.bucket && carries(request, each.phase) && each.fromMs <= atMs && atMs < each.untilMs)?.byMs ?? 0;
  };
  rig.cluster.tap = (_rm, request) => {
    const found = request.kind === 'instructions' ? broken.find((each) => each.bucket === request.bucket && carries(request, each.phase)) : undefined;
    return found?.what === 'unavailable' ? { kind: 'unavailable', reason: 'busy' } : (found?.what ?? 'pass');
  };

  let made = 0;
  const accounts: Parameters<Rig['balance']>[0][] = [];
  const later: PaymentRequest[] = [];
  const requestsOf = ({ fromBucket, toBucket, third: where, fate }: Asked): readonly PaymentRequest[] => {
    made += 1;
    const from = rig.open(fromBucket, BALANCE, `from${made}`);
    const to = fate === 'no such account' ? (`nobody-${made}` as typeof from) : rig.open(toBucket, 0n, `to${made}`);
    accounts.push(from, to);
    const plain = rig.request(from, to, fate === 'too much' ? BALANCE + 1n : 7n);
    const third = where === null ? null : rig.open(where === 'with the payer' ? fromBucket : toBucket, BALANCE, `third${made}`);
    if (third !== null) accounts.push(third);
    const [debit, credit] = plain.legs;
    const request: PaymentRequest =
      third === null || debit === undefined || credit === undefined
        ? plain
        : { ...plain, legs: [debit, { ...debit, account: third, amountMinor: 3n }, { ...credit, amountMinor: debit.amountMinor + 3n }] };
    if (fate === 'locked in Redis') rig.locks.inRedisOnly(from);
    if (fate === 'locked in its bucket')
      rig.cluster.run(slotOfAccount(to), {
        kind: 'acquire-lock',
        slot: slotOfAccount(to),
        lockId: to,
        owner: 'auditor',
        mode: 'exclusive',
        ttlMs: 1_500,
        subject: OPERATOR,
      });
    if (fate === 'asked again later') later.push(request);
    if (fate === 'asked twice') return [request, request];
    return fate === 'another body under its id' ? [request, { ...request, memo: 'x' }] : [request];
  };

  const answers: Promise<readonly Reply<PaymentResult>[]>[] = [];
  for (const { payments, pauseMs, one, calls } of batches) {
    const again = later.splice(0);
    const requests = payments.flatMap(requestsOf);
    if (calls === null) answers.push(rig.coordinator.createPayments(rig.caller(OPERATOR, one.timeoutMs, one.token), [...requests, ...again]));
    else
      answers.push(
        Promise.all(
          requests
            .map((request, at) => ({ request, call: present(calls[at], 'call') }))
            .map(({ request, call: { timeoutMs, token, isAnother } }) =>
              rig.coordinator.createPayment(rig.caller(isAnother ? ANOTHER : OPERATOR, timeoutMs, token), request),
            ),
        ),
      );
    if (calls !== null) for (const request of again) answers.push(rig.coordinator.createPayment(rig.caller(), request).then((reply) => [reply]));
    await rig.clock.pass(pauseMs);
  }
  await rig.clock.pass(3_000);
  answers.push(rig.coordinator.createPayments(rig.caller(), later));
  const replies = await rig.clock.until(Promise.all(answers));
  await rig.clock.pass(60_000);
  await rig.clock.until(rig.coordinator.stop(60_000));
  rig.cluster.resolveAll();
  const instructions: string[] = [];
  for (const { request, atMs } of rig.cluster.sent) {
    if (request.kind !== 'instructions') continue;
    for (const item of request.items)
      for (const instruction of instructionsIn(item.instruction))
        instructions.push(JSON.stringify([request.bucket, IN_THEIR_OWN_TIME.has(instruction.kind) ? null : atMs, instruction, item.token], withoutMoment));
  }
  // Counts of requests and round trips, which may be cut otherwise, are another matter.
  const {
    instructionRequests: _requests,
    requestRetries: _retries,
    redisBegins: _begins,
    redisRecords: _records,
    steps,
    ...counters
  } = rig.coordinator.counters;
  return {
    replies,
    entries: [...rig.dao.entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1)).map((entry) => ({ ...entry, commitUs: entry.commitUs !== null })),
    instructions: instructions.sort(),
    counters,
    steps: Object.fromEntries(Object.entries(steps).map(([step, durations]) => [step, (durations as Durations).cumulative().at(-1) ?? 0])),
    balances: accounts.map((account) => rig.balance(account)),
    leftovers: rig.leftovers(),
  };
}

/** A moment counts the instructions before it in its bucket, whose order within a request differs. That they are told is compared; `leftovers` judges them. */
function withoutMoment(name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return (name === 'commitUs' || name === 'notBeforeUs') && value !== null ? 'a moment' : value;
}

/** Who is asked again when, and how often, is the transport's, which learns from all requests: without times and repetitions. */
function withoutTimes({ replies, entries, instructions, counters, ...rest }: History): object {
  const { instructionsSent: _sent, ...counted } = counters;
  return {
    ...rest,
    replies: replies.map((batch) => batch.map((reply) => (reply.ok && reply.value.kind !== 'unknown' ? { ...reply.value, atMs: 0 } : reply))),
    entries: entries.map((entry) => ({
      ...entry,
      createdAtMs: 0,
      endedAtMs: entry.endedAtMs === null,
      timeline: entry.timeline.map((step) => ({ ...step, atMs: 0 })),
    })),
    instructions: [...new Set(instructions.map((text) => JSON.stringify((JSON.parse(text) as unknown[]).filter((_part, at) => at !== 1))))].sort(),
    counters: counted,
  };
}

test('together or alone: equal histories', async () => {
  let committed = 0;
  let other = 0;
  await fc.assert(
    fc.asyncProperty(fc.record({ ...scenario, late, broken: fc.constant([]) }), async (each) => {
      const together = await history(each, 500);
      expect(together).toEqual(await history(each, 0));
      expect(together.leftovers).toEqual([]);
      for (const reply of together.replies.flat()) {
        if (reply.ok && reply.value.kind === 'committed') committed += 1;
        else other += 1;
      }
    }),
    { numRuns: RUNS },
  );
  expect(committed).toBeGreaterThan(50);
  expect(other).toBeGreaterThan(50);
});

test('together or alone: equal histories where buckets do not answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...scenario, late: fc.constant([]), broken }), async (each) => {
      expect(withoutTimes(await history(each, 500))).toEqual(withoutTimes(await history(each, 0)));
    }),
    { numRuns: RUNS / 2 },
  );
});
