/**
 * Whatever happens to messages, coordinators and callers: one decision per payment, recorded at its home; every leg
 * agrees with it; every answer is what was recorded; nothing stays held; no money appears or goes; no bucket ever
 * raises an alarm. The buckets are real ledgers.
 */
import * as fc from 'fast-check';
import { slotOfAccount } from '@mas/placement';
import { paymentKey, SeededRandom, type AccountNumber } from '@mas/values';
import { timelineOf } from './index';
import { Choices } from './testing/choices';
import { payment, World } from './testing/world';

const OPENING_MINOR = 100n;
const NAMES = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay'];

interface Run {
  readonly world: World;
  readonly accounts: readonly AccountNumber[];
}

function run(numbers: readonly number[]): Run {
  const choices = new Choices(numbers);
  const world = new World(choices);
  const accounts = NAMES.map((name) => world.open(name, OPENING_MINOR));
  const pick = (): AccountNumber => accounts[choices.below(accounts.length)] ?? accounts[0]!;
  const payments = 2 + choices.below(5);
  const plans = Array.from({ length: payments }, (_, i) => {
    const from = pick();
    const to = accounts.filter((account) => account !== from);
    const amount = BigInt(1 + choices.below(140));
    const first = to[choices.below(to.length)]!;
    const split = choices.chance(3) ? to.find((account) => account !== first)! : null;
    const legs =
      split === null
        ? ([
            [from, 'debit', amount],
            [first, 'credit', amount],
          ] as const)
        : ([
            [from, 'debit', amount + 1n],
            [first, 'credit', amount],
            [split, 'credit', 1n],
          ] as const);
    const home = choices.chance(5) ? pick() : from;
    const plan = world.plan(paymentKey('mas|ops', `{${home}}p${i}`), payment(legs));
    world.begin(plan);
    return plan;
  });
  if (choices.chance(4)) world.lock(pick(), 300);
  for (let steps = 0; steps < 400 && !choices.exhausted; steps += 1) {
    if (choices.chance(25)) world.begin(plans[choices.below(plans.length)]!);
    // The same id with another body, at the same home.
    if (choices.chance(40)) {
      const victim = plans[choices.below(plans.length)]!;
      world.begin(
        world.plan(
          victim.key,
          payment(
            [
              [accounts[0]!, 'debit', 3n],
              [accounts[1]!, 'credit', 3n],
            ],
            'other',
          ),
        ),
      );
    }
    if (choices.chance(60)) world.freeze(pick());
    if (!world.step() && choices.exhausted) break;
  }
  world.settle();
  return { world, accounts };
}

function check({ world, accounts }: Run): void {
  const context = world.log.slice(-60).join('\n');
  let total = 0n;
  for (const bucket of world.buckets.values()) {
    expect({ alarms: bucket.alarms, context }).toEqual({ alarms: [], context });
    expect(bucket.differences()).toEqual([]);
    for (const row of bucket.rows.sortedAccounts()) {
      total += row.balanceMinor;
      expect({ number: row.number, holds: row.holdsMinor, pending: row.pendingCreditsMinor }).toEqual({ number: row.number, holds: 0n, pending: 0n });
    }
  }
  expect(total).toBe(OPENING_MINOR * BigInt(accounts.length));
  checkLegsAgree(world);
  for (const machine of world.machines) {
    if (!machine.crashed) expect({ ended: machine.ended, answers: machine.answers.length, context }).toEqual({ ended: true, answers: 1, context });
    for (const answer of machine.answers) checkAnswer(world, machine.txn.plan, answer);
  }
}

function checkLegsAgree(world: World): void {
  const outcomes = [...world.buckets.values()].flatMap((bucket) => bucket.rows.sortedOutcomes());
  const decisions = new Map(outcomes.map((row) => [row.txn, row]));
  for (const bucket of world.buckets.values()) {
    for (const leg of bucket.rows.sortedLegs()) expect(leg.state).toBe(decisions.get(leg.txn)?.decision.kind ?? 'aborted');
  }
  for (const row of outcomes) {
    if (row.decision.kind !== 'committed') continue;
    const { commitUs } = row.decision;
    for (const { account } of row.body.legs) {
      const leg = world.bucketOf(slotOfAccount(account)).rows.leg(account, row.txn);
      // That it is behind the promise a bucket checks itself: there is no alarm.
      expect(leg).toMatchObject({ state: 'committed', commitUs, preparedUs: expect.any(Number) as number });
    }
  }
}

function checkAnswer(
  world: World,
  plan: { readonly key: Parameters<World['outcomeOf']>[0]; readonly homeSlot: Parameters<World['outcomeOf']>[1]; readonly txn: string },
  answer: World['machines'][number]['answers'][number],
): void {
  const row = world.outcomeOf(plan.key, plan.homeSlot);
  switch (answer.kind) {
    case 'recorded':
      expect({ txn: row?.txn, decision: row?.decision }).toEqual({ txn: plan.txn, decision: answer.outcome.decision });
      return;
    case 'conflict':
      expect(row?.txn).toBe(answer.bound.txn);
      expect(row?.txn).not.toBe(plan.txn);
      return;
    case 'unknown':
      return;
    case 'no-quorum':
      throw new Error('no bucket of this world says that its quorum is missing');
    case 'no-store':
      throw new Error('no bucket of this world says that its database is away');
    case 'rejected':
      throw new Error(`no token was refused: ${answer.reason}`);
  }
}

test('any interleaving ends in one decision with money conserved', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 4095 }), { minLength: 20, maxLength: 600, size: 'max' }), (numbers) => check(run(numbers))),
    { numRuns: 400 },
  );
});

test('without misfortune every payment that the balances allow commits', () => {
  const { world } = run([]);
  expect(world.machines.map((machine) => machine.answers[0]?.kind)).toEqual(world.machines.map(() => 'recorded'));
});

test('the runs reach the corners that they are for', () => {
  const random = new SeededRandom(7);
  const reached = new Map<string, number>();
  const note = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);
  for (let i = 0; i < 300; i += 1) {
    const { world } = run(Array.from({ length: 500 }, () => random.below(4096)));
    for (const machine of world.machines) {
      for (const answer of machine.answers) note(answer.kind === 'recorded' ? answer.outcome.decision.kind : answer.kind);
      for (const { step } of timelineOf(machine.txn)) note(step);
      if (machine.crashed) note('crashed');
    }
  }
  const corners = [
    'committed',
    'aborted',
    'conflict',
    'unknown',
    'crashed',
    'redis-silent',
    'wait',
    'homes-silent',
    'settle-sent',
    'locked',
    'prepared-earlier',
    'prepare-failed',
    'in-doubt',
    'left-to-home',
    'told',
    'wrong-bucket',
  ];
  expect(corners.filter((corner) => !reached.has(corner))).toEqual([]);
});
