/** COMMIT and ACKNOWLEDGE of many payments leave the rows that the same instructions leave one by one, and answer what those would have answered. */
import * as fc from 'fast-check';
import { acc, acknowledge, acknowledgeMany, commit, commitMany, create, decideCommit, pay, payment, prepare, rollback, type Payment } from './testing/builders';
import { START_MS, TestBucket } from './testing/test-bucket';
import {
  entryProblem,
  instructionProblem,
  joinedOutcome,
  lent,
  MANY_TOLD_SINCE,
  MAX_INSTRUCTIONS_PER_ENTRY,
  MAX_MEMBERS,
  memberCount,
  membersOf,
  type CommittedLeg,
  type Instruction,
  type LegAddress,
  type ToldLegs,
} from './index';

const ACCOUNTS = ['b0', 'b1', 'b2'];
const OPENING_MINOR = 1_000n;

/** Legs in bucket b of payments whose home is in bucket a, and payments that bucket b is the home of. */
const credits = Array.from({ length: 8 }, (_, n) => payment(n + 1, pay('a1', ACCOUNTS[n % 3]!, BigInt(n + 1))));
const debits = Array.from({ length: 4 }, (_, n) => payment(n + 20, pay(ACCOUNTS[n % 3]!, 'a1', BigInt(n + 1)), { homeSlot: credits[0]!.homeSlot }));
const homeward = Array.from({ length: 6 }, (_, n) => payment(n + 40, pay(ACCOUNTS[n % 3]!, 'a1', BigInt(n + 1))));
const remote = [...credits, ...debits];
const accountIn = (p: Payment): string => p.body.legs.find(({ account }) => account.startsWith('b'))!.account;
const addressOf = (p: Payment): LegAddress => ({ txn: p.txn, account: acc(accountIn(p)) });
/** In the order of the payments, as homes give them. */
const legOf = (p: Payment): CommittedLeg => ({ ...addressOf(p), commitUs: (START_MS + 1_000 + credits.indexOf(p)) * 1_000 });
const toldOf = (p: Payment): ToldLegs => ({ key: p.key, txn: p.txn, accounts: [acc('a1')] });

function opened(): TestBucket {
  const bucket = new TestBucket('b');
  for (const number of ACCOUNTS) bucket.run(create(number, OPENING_MINOR));
  return bucket;
}

const standing = fc.record({
  /** What has become of the leg of each payment before: nothing, a promise, or an end. */
  legs: fc.array(fc.constantFrom('none', 'prepared', 'committed', 'aborted'), { minLength: remote.length, maxLength: remote.length }),
  decided: fc.array(fc.boolean(), { minLength: homeward.length, maxLength: homeward.length }),
  /** In any order, and more than once. */
  committed: fc.array(fc.constantFrom(...remote), { minLength: 2, maxLength: 12 }),
  acknowledged: fc.array(fc.constantFrom(...homeward), { minLength: 2, maxLength: 8 }),
  /** A checkpoint or a reader has been given the rows: they change in copies from then on. */
  given: fc.boolean(),
});

test('together or one by one: equal rows, equal answers', () => {
  fc.assert(
    fc.property(standing, ({ legs, decided, committed, acknowledged, given }) => {
      const before = (): TestBucket => {
        const bucket = opened();
        for (const [n, p] of remote.entries()) {
          if (legs[n] === 'none') continue;
          if (legs[n] !== 'aborted') bucket.run(prepare(p, accountIn(p)));
          if (legs[n] === 'committed') bucket.run(commit(p, accountIn(p), legOf(p).commitUs));
          if (legs[n] === 'aborted') bucket.run(rollback(p, accountIn(p)));
        }
        for (const [n, p] of homeward.entries()) if (decided[n] === true) bucket.run(decideCommit(p, ['a1']));
        if (given) for (const row of [...bucket.rows.sortedAccounts(), ...bucket.rows.sortedLegs(), ...bucket.rows.sortedOutcomes()]) lent(row);
        return bucket;
      };
      const [single, together] = [before(), before()];
      const many = [commitMany(committed.map(legOf)), acknowledgeMany(acknowledged.map(toldOf))] as const;
      const answers = many.map((each) => joinedOutcome(single.runEntry(membersOf(each))));
      expect(many.map((each) => together.runEntry([each])[0])).toEqual(answers);
      expect(together.text()).toBe(single.text());
      expect(together.pinnedTexts()).toEqual(single.pinnedTexts());
      expect(together.differences()).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('one that fails stops no other, and the answer says which it was', () => {
  const bucket = opened();
  const [first, missing, last] = [credits[0]!, credits[1]!, credits[2]!];
  for (const p of [first, last]) bucket.run(prepare(p, accountIn(p)));
  const legs = [legOf(first), legOf(missing), { ...legOf(first), account: acc('a1') }, legOf(last)];
  expect(bucket.run(commitMany(legs))).toEqual({
    kind: 'each',
    outcomes: [
      { kind: 'done' },
      { kind: 'alarm', alarm: { name: 'COMMIT_WITHOUT_PREPARE', ...addressOf(missing) } },
      { kind: 'wrong-bucket', slot: 1, epoch: 1 },
      { kind: 'done' },
    ],
  });
  expect([first, last].map((p) => bucket.leg(accountIn(p), p.txn)?.state)).toEqual(['committed', 'committed']);
  const known = homeward[0]!;
  bucket.run(decideCommit(known, ['a1']));
  expect(bucket.run(acknowledgeMany([toldOf(homeward[1]!), toldOf(known)]))).toMatchObject({
    kind: 'each',
    outcomes: [{ kind: 'alarm', alarm: { name: 'UNKNOWN_OUTCOME_ACKNOWLEDGED' } }, { kind: 'done' }],
  });
  expect([...bucket.ledger.undelivered()]).toEqual([]);
});

test('where all end as they should the answer is one word', () => {
  const bucket = opened();
  for (const p of credits.slice(0, 3)) bucket.run(prepare(p, accountIn(p)));
  bucket.run(commit(credits[0]!, accountIn(credits[0]!), legOf(credits[0]!).commitUs));
  expect(bucket.run(commitMany(credits.slice(0, 3).map(legOf)))).toEqual({ kind: 'done' });
});

test.each<[string, Instruction, RegExp | null]>([
  ['two legs', commitMany(credits.slice(0, 2).map(legOf)), null],
  ['as many as may be', commitMany(new Array<CommittedLeg>(MAX_MEMBERS).fill(legOf(credits[0]!))), null],
  ['one leg', commitMany([legOf(credits[0]!)]), /2 to 256/],
  ['none', commitMany([]), /2 to 256/],
  ['one too many', commitMany(new Array<CommittedLeg>(MAX_MEMBERS + 1).fill(legOf(credits[0]!))), /2 to 256/],
  ['two told', acknowledgeMany(homeward.slice(0, 2).map(toldOf)), null],
  ['one told', acknowledgeMany([toldOf(homeward[0]!)]), /2 to 256/],
  ['one that names no leg', acknowledgeMany([toldOf(homeward[0]!), { ...toldOf(homeward[1]!), accounts: [] }]), /names no leg/],
])('%s', (_name, instruction, problem) => {
  if (problem === null) expect(instructionProblem(instruction)).toBeNull();
  else expect(instructionProblem(instruction)).toMatch(problem);
});

test('an entry’s bound counts members', () => {
  const full = commitMany(new Array<CommittedLeg>(MAX_MEMBERS).fill(legOf(credits[0]!)));
  expect(memberCount(full)).toBe(MAX_MEMBERS);
  const most = new Array<Instruction>(MAX_INSTRUCTIONS_PER_ENTRY / MAX_MEMBERS).fill(full);
  expect(entryProblem({ stampMs: 1, behindUs: null, instructions: most })).toBeNull();
  expect(entryProblem({ stampMs: 1, behindUs: null, instructions: [...most, acknowledge(homeward[0]!, 'a1')] })).toMatch(/at most/);
});

test('a bucket of an earlier version has no such instruction: no leader may have proposed it', () => {
  const old = new TestBucket('b', MANY_TOLD_SINCE - 1);
  expect(() => old.run(commitMany(credits.slice(0, 2).map(legOf)))).toThrow(/an instruction comes to buckets that know it/);
  expect(() => old.run(acknowledgeMany(homeward.slice(0, 2).map(toldOf)))).toThrow(/an instruction comes to buckets that know it/);
});
