/** What no order of instants explains is named: stale and undecided reads, reads that go back, reads that tear a payment apart. */
import { finding, findingsAfter, LATER_MS, plannedOf, read, type Tamper } from './testing/sound-ledger';

test.each<[string, Tamper, string, RegExp]>([
  [
    'a balance that never was',
    (world) => read(world, 'committed', LATER_MS, LATER_MS + 9, { ann: 71n }),
    'no undecided money is shown',
    /^read 5 at 1000.0–1009.0 of ann=71 \(committed\): ann never had this balance$/,
  ],
  [
    'money that is not decided yet',
    (world) => read(world, 'committed', 102, 109, { ann: 70n }),
    'no undecided money is shown',
    /of ann=70 \(committed\): ann had it only later$/,
  ],
  [
    'undecided money at the level uncommitted',
    (world) => read(world, 'uncommitted', 102, 109, { ann: 70n }),
    'no undecided money is shown',
    /\(uncommitted\): ann had it only later$/,
  ],
  [
    'undecided money from a cache',
    (world) => read(world, 'cached', 102, 109, { bob: 80n }),
    'no undecided money is shown',
    /\(cached\): bob had it only later$/,
  ],
  [
    'the effect of a payment whose decision nobody knows',
    (world) => void world.decisions.delete(world.payment('errand').key),
    'no undecided money is shown',
    /of cid=16 dan=29 \(committed\): cid had it only later$/,
  ],
  [
    'a balance of several times, all of them over',
    (world) => staleAmongSeveral(world),
    'no stale read',
    /ann shows a balance from before a payment that was acknowledged$/,
  ],
  [
    'the opening balance, which came back and is over again',
    (world) => staleOpening(world),
    'no stale read',
    /cid shows a balance from before a payment that was acknowledged$/,
  ],
])('a read that shows %s is named', (_name, tamper, rule, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding(rule, text));
});

test.each<[string, Tamper, RegExp]>([
  [
    'a read that misses what was acknowledged before it',
    (world) => read(world, 'committed', 120, 130, { ann: 100n }),
    /read 5 .* of ann=100.*payment mas\|ops\/bill|payment mas\|ops\/bill.*of ann=100/,
  ],
  ['a read that goes back behind an earlier read', (world) => read(world, 'committed', 830, 840, { cid: 20n }), /of cid=20/],
  [
    'two reads that see two payments in different orders',
    (world) => {
      world.commit({
        id: 'favour',
        legs: [
          ['ann', 'debit', 1n],
          ['bob', 'credit', 1n],
        ],
        startMs: 800,
        isAnswered: false,
      });
      read(world, 'committed', 802, 850, { ann: 60n, cid: 16n });
      read(world, 'committed', 802, 850, { ann: 59n, cid: 20n });
    },
    /(?=.*errand)(?=.*favour)(?=.*ann=60 cid=16)(?=.*ann=59 cid=20)/,
  ],
  ['a read that shows one side of a payment only', (world) => read(world, 'committed', 505, 530, { ann: 55n, dan: 0n }), /of ann=55 dan=0/],
  [
    'a read that was over before the payment that it shows was asked for',
    (world) => {
      world.decision('errand').firstMs = 780;
      read(world, 'committed', 785, 795, { cid: 16n });
    },
    /(?=.*payment mas\|ops\/errand)(?=.*cid=16)/,
  ],
  [
    'a payment that was acknowledged before another and comes after it',
    (world) => void world.payment('gift').attempts.forEach((attempt) => Object.assign(attempt, { startMs: 40, endMs: attempt.endMs === null ? null : 60 })),
    /^no order explains: .*bill/,
  ],
])('%s: no order explains it', (_name, tamper, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding('strictly serializable', text));
});

test.each<[string, Tamper, RegExp]>([
  [
    'a read that shows two payments, and one after it that misses the first',
    (world) => {
      twoWithoutAnswers(world);
      read(world, 'committed', 802, 830, { ann: 57n });
      read(world, 'committed', 830, 840, { bob: 65n });
    },
    /of bob=65: bob shows a balance from before payment mas\|ops\/one, which an earlier read had shown$/,
  ],
  [
    'a read that misses two payments, and one before it that shows the second',
    (world) => {
      twoWithoutAnswers(world);
      read(world, 'committed', 802, 830, { dan: 31n });
      read(world, 'committed', 830, 840, { ann: 60n });
    },
    /of ann=60: ann shows a balance from before payment mas\|ops\/two, which an earlier read had shown$/,
  ],
])('%s: stale', (_name, tamper, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding('no stale read', text));
});

test('what follows real time in no bucket that they share is no contradiction', () => {
  const found = findingsAfter((world) => {
    world.commit({
      id: 'stranger',
      legs: [
        ['cid', 'debit', 1n],
        ['ann', 'credit', 1n],
      ],
      startMs: 1_000,
    });
    read(world, 'committed', 1_100, 1_130, { bob: 65n, dan: 29n });
  });
  expect(found).toEqual([]);
});

test('a whole read that does not show all the money is named', () => {
  const found = findingsAfter((world) => read(world, 'committed', 805, 830, { ann: 60n, bob: 65n, cid: 16n, dan: 25n }));
  expect(found).toContainEqual(finding('money is conserved', /^a read at 805.0–830.0 of all accounts shows 166 of 170$/));
});

test('an account that pays none of the others makes a read of the others no less whole', () => {
  const found = findingsAfter((world) => {
    world.open('eve', 9n, 0n);
    Object.assign(plannedOf(world, 'eve'), { isApart: true });
    read(world, 'committed', 805, 830, { ann: 60n, bob: 65n, cid: 16n, dan: 25n });
  });
  expect(found).toContainEqual(finding('money is conserved', /of all accounts shows 166 of 170$/));
});

test('a whole read from the cache may be torn', () => {
  expect(findingsAfter((world) => read(world, 'cached', 805, 830, { ann: 60n, bob: 65n, cid: 16n, dan: 25n }))).toEqual([]);
});

/** ann has 60 three times, the last time before a payment that was acknowledged before the read began. */
function staleAmongSeveral(world: Parameters<Tamper>[0]): void {
  world.commit({
    id: 'there',
    legs: [
      ['ann', 'debit', 7n],
      ['bob', 'credit', 7n],
    ],
    startMs: LATER_MS,
  });
  world.commit({
    id: 'back',
    legs: [
      ['bob', 'debit', 7n],
      ['ann', 'credit', 7n],
    ],
    startMs: LATER_MS + 100,
  });
  world.commit({
    id: 'gone',
    legs: [
      ['ann', 'debit', 1n],
      ['bob', 'credit', 1n],
    ],
    startMs: LATER_MS + 200,
  });
  read(world, 'committed', LATER_MS + 220, LATER_MS + 230, { ann: 60n });
}

/** cid has its 20 again for a while. */
function staleOpening(world: Parameters<Tamper>[0]): void {
  world.commit({
    id: 'fill',
    legs: [
      ['ann', 'debit', 4n],
      ['cid', 'credit', 4n],
    ],
    startMs: LATER_MS,
  });
  world.commit({
    id: 'gone',
    legs: [
      ['cid', 'debit', 1n],
      ['bob', 'credit', 1n],
    ],
    startMs: LATER_MS + 100,
  });
  read(world, 'committed', LATER_MS + 120, LATER_MS + 130, { cid: 20n });
}

function twoWithoutAnswers(world: Parameters<Tamper>[0]): void {
  world.commit({
    id: 'one',
    legs: [
      ['ann', 'debit', 1n],
      ['bob', 'credit', 1n],
    ],
    startMs: 800,
    isAnswered: false,
  });
  world.commit({
    id: 'two',
    legs: [
      ['ann', 'debit', 2n],
      ['dan', 'credit', 2n],
    ],
    startMs: 800,
    isAnswered: false,
  });
}
