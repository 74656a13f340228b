/** Each rule about what a bucket promises, refuses and writes can say no, and says nothing where all is well. */
import { Findings } from '@mas/auditor';
import { PaymentBody, type BodyContent, type Instruction, type LegEffect, type Outcome, type Subject } from '@mas/ledger';
import { accountNumber, bucketId, currency, paymentKey, txnId } from '@mas/values';
import { Books } from './books';
import { BooksWalk, expectGivenBack } from './books-walk';

const [ANN, BOB, USD] = [accountNumber('ann'), accountNumber('bob'), currency('USD')];
const OPERATOR: Subject = { kind: 'operator', name: 'ops' };
const NOW_MS = 1_000_000;

type Asked = Partial<BodyContent> & { readonly subject?: Subject; readonly undecided?: readonly string[] };

/** A bucket with ann, who has 100 and may not go below 10, and bob, who has nothing. */
function start() {
  const findings = new Findings();
  const books = new Books();
  const walk = new BooksWalk(bucketId(1), books, () => true, findings);
  const step = (instruction: object, outcome: object): void => walk.step(instruction as Instruction, outcome as Outcome, 1);
  const body = ({ effect, account, amountMinor, ...more }: { effect: LegEffect; account: string; amountMinor: bigint } & Partial<BodyContent>): PaymentBody =>
    PaymentBody.of({
      kind: 'payment',
      legs: [{ account: accountNumber(account), effect, amountMinor, currency: USD }],
      reference: null,
      expiresAtMs: null,
      memo: '',
      ...more,
    });
  const asked = (name: string, effect: LegEffect, account: string, amountMinor: bigint, { subject = OPERATOR, undecided = [], ...more }: Asked) => ({
    kind: 'prepare',
    txn: txnOf(name),
    key: paymentKey('ops', name),
    account: accountNumber(account),
    body: body({ effect, account, amountMinor, ...more }),
    subject,
    undecided: undecided.map(txnOf),
  });
  walk.entry(NOW_MS);
  for (const [number, balanceMinor, minimumMinor] of [
    [ANN, 100n, 10n],
    [BOB, 0n, 0n],
  ] as const)
    step({ kind: 'create-account', number }, { kind: 'account', fresh: true, account: { balanceMinor, minimumMinor } });
  return {
    walk,
    end: (atMs: number): void => expectGivenBack(books, atMs, findings),
    rules: (): readonly string[] => findings.list().map(({ rule }) => rule),
    promise: (name: string, effect: LegEffect, account: string, amountMinor: bigint, more: Asked = {}): void =>
      step(asked(name, effect, account, amountMinor, more), { kind: 'prepared' }),
    refuse: (name: string, effect: LegEffect, account: string, amountMinor: bigint, refusal: string, more: Asked = {}): void =>
      step(asked(name, effect, account, amountMinor, more), { kind: 'refused', refusal: { name: refusal } }),
    waits: (undecided: readonly string[], forWhom: string): void =>
      step(asked('w', 'debit', 'bob', 5n, { undecided }), { kind: 'wait', undecided: [{ txn: txnOf(forWhom) }] }),
    commit: (name: string, account: string): void =>
      step({ kind: 'commit', account: accountNumber(account), txn: txnOf(name) }, { kind: 'leg-ended', leg: { state: 'committed' } }),
    change: (account: string, change: object): void =>
      step({ kind: 'change-account', number: accountNumber(account), change }, { kind: 'account', fresh: true }),
    given: (row: object): void =>
      walk.endEntry([
        {
          rm: 'rm-1',
          accounts: [{ number: ANN, balanceMinor: 100n, holdsMinor: 0n, pendingCreditsMinor: 0n, minimumMinor: 10n, status: 'open', rev: 1, ...row }],
          legs: [],
        },
      ]),
  };
}

type World = ReturnType<typeof start>;

const reference = (name: string): BodyContent['reference'] => ({ key: paymentKey('ops', name), txn: txnOf(name) });

function txnOf(name: string): ReturnType<typeof txnId> {
  return txnId(Buffer.from(name).toString('hex').padEnd(64, '0'));
}

/** 50 of ann, until a minute from now. */
function authorize({ promise, commit }: World): void {
  promise('auth', 'authorize', 'ann', 50n, { expiresAtMs: NOW_MS + 60_000 });
  commit('auth', 'ann');
}

/** 30 that bob has received. */
function pay({ promise, commit }: World): void {
  promise('pay', 'credit', 'bob', 30n);
  commit('pay', 'bob');
}

test.each<[string, (world: World) => void, readonly string[]]>([
  ['all that is available is promised', ({ promise }) => promise('p', 'debit', 'ann', 90n), []],
  ['more than is available', ({ promise }) => promise('p', 'debit', 'ann', 91n), ['only what is available is promised']],
  [
    'what is held already',
    (world) => {
      authorize(world);
      world.promise('p', 'debit', 'ann', 41n);
    },
    ['only what is available is promised'],
  ],
  [
    'a debit of a frozen account',
    (world) => {
      world.change('ann', { kind: 'freeze' });
      world.promise('p', 'debit', 'ann', 1n);
    },
    ['frozen and closed accounts neither pay nor are paid'],
  ],
  [
    'a credit of a closed account',
    (world) => {
      world.change('bob', { kind: 'close' });
      world.promise('p', 'credit', 'bob', 1n);
    },
    ['frozen and closed accounts neither pay nor are paid'],
  ],
  [
    "another account's money",
    ({ promise }) => promise('p', 'debit', 'ann', 1n, { subject: { kind: 'account', account: BOB } }),
    ['a token takes only its own money'],
  ],
  ["one's own money", ({ promise }) => promise('p', 'debit', 'ann', 1n, { subject: { kind: 'account', account: ANN } }), []],
  [
    'an authorization that is over',
    ({ promise }) => promise('p', 'authorize', 'ann', 1n, { expiresAtMs: NOW_MS }),
    ['an authorization is taken before it expires'],
  ],
  [
    'a capture of all',
    (world) => {
      authorize(world);
      world.promise('c', 'capture', 'ann', 50n, { reference: reference('auth') });
    },
    [],
  ],
  [
    'a capture of more',
    (world) => {
      authorize(world);
      world.promise('c', 'capture', 'ann', 51n, { reference: reference('auth') });
    },
    ['a capture stays within its authorization'],
  ],
  [
    'a capture that comes too late',
    (world) => {
      authorize(world);
      world.walk.entry(NOW_MS + 60_000);
      world.promise('c', 'capture', 'ann', 1n, { reference: reference('auth') });
    },
    ['a capture stays within its authorization'],
  ],
  [
    'a second refund of what is left',
    (world) => {
      pay(world);
      world.promise('r1', 'refund-debit', 'bob', 20n, { reference: reference('pay') });
      world.promise('r2', 'refund-debit', 'bob', 10n, { reference: reference('pay') });
    },
    [],
  ],
  [
    'a second refund of more',
    (world) => {
      pay(world);
      world.promise('r1', 'refund-debit', 'bob', 20n, { reference: reference('pay') });
      world.promise('r2', 'refund-debit', 'bob', 11n, { reference: reference('pay') });
    },
    ['a refund stays within its payment'],
  ],
])('of a promise: %s', (_name, act, rules) => {
  const world = start();
  act(world);
  expect(world.rules()).toEqual(rules);
});

test.each<[string, (world: World) => void, readonly string[]]>([
  ['there is too little', ({ refuse }) => refuse('p', 'debit', 'ann', 91n, 'INSUFFICIENT_FUNDS'), []],
  ['there is enough', ({ refuse }) => refuse('p', 'debit', 'ann', 90n, 'INSUFFICIENT_FUNDS'), ['a refusal is the truth']],
  [
    'what is on its way would be enough',
    ({ promise, refuse }) => {
      promise('in', 'credit', 'bob', 5n);
      refuse('p', 'debit', 'bob', 5n, 'INSUFFICIENT_FUNDS');
    },
    ['a refusal is the truth'],
  ],
  [
    'what is on its way is undecided',
    ({ promise, refuse }) => {
      promise('in', 'credit', 'bob', 5n);
      refuse('p', 'debit', 'bob', 5n, 'INSUFFICIENT_FUNDS', { undecided: ['in'] });
    },
    [],
  ],
  ['the account is open', ({ refuse }) => refuse('p', 'debit', 'ann', 1n, 'ACCOUNT_FROZEN'), ['a refusal is the truth']],
  ['a wait for somebody new', ({ waits }) => waits(['x'], 'y'), []],
  ['a wait for whom was named', ({ waits }) => waits(['x'], 'x'), ['who was named undecided is not waited for']],
])('of a refusal: %s', (_name, act, rules) => {
  const world = start();
  act(world);
  expect(world.rules()).toEqual(rules);
});

test.each<[string, string, object, readonly string[]]>([
  ['closes an empty account', 'bob', { kind: 'close' }, []],
  ['closes one with money', 'ann', { kind: 'close' }, ['an account is changed only as it may be']],
  ['opens one that is open', 'ann', { kind: 'unfreeze' }, ['an account is changed only as it may be']],
  ['raises a minimum to what is there', 'ann', { kind: 'set-minimum', minimumMinor: 100n }, []],
  ['raises a minimum above it', 'ann', { kind: 'set-minimum', minimumMinor: 101n }, ['an account is changed only as it may be']],
])('a change that %s', (_name, account, change, rules) => {
  const world = start();
  world.change(account, change);
  expect(world.rules()).toEqual(rules);
});

test.each<[string, object]>([
  ['balanceMinor', { balanceMinor: 99n }],
  ['holdsMinor', { holdsMinor: 1n }],
  ['pendingCreditsMinor', { pendingCreditsMinor: 1n }],
  ['minimumMinor', { minimumMinor: 9n }],
  ['status', { status: 'frozen' }],
  ['rev', { rev: 2 }],
])('a database that is given another %s', (_name, row) => {
  const world = start();
  world.given({});
  expect(world.rules()).toEqual([]);
  world.given(row);
  expect(world.rules()).toEqual(['the database is given what stands in the books']);
});

test('what has expired is given back in time', () => {
  const world = start();
  authorize(world);
  world.end(NOW_MS + 80_000);
  expect(world.rules()).toEqual([]);
  world.end(NOW_MS + 80_001);
  expect(world.rules()).toEqual(['what has expired is given back']);
});
