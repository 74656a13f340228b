/** Each rule about what clients were told can say no: one answer, or one record of what was answered, is tampered with. */
import { PaymentBody, type BodyContent, type Subject } from '@mas/ledger';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { accountNumber, ok } from '@mas/values';
import type { Attempt } from './index';
import type { LedgerDraft } from './testing/ledger-draft';
import type { Mutable } from './testing/mutable';
import { keyOf } from './testing/plan';
import { finding, findingsAfter, findingsOf, LATER_MS, lookUp, read, shortOf, soundLedger, type Tamper } from './testing/sound-ledger';

type Answer<Kind extends PaymentResult['kind']> = Mutable<Extract<PaymentResult, { kind: Kind }>>;

test.each<[string, Tamper, string, RegExp]>([
  [
    'an acknowledged payment that is lost',
    (world) => forget(world, 'bill'),
    'nothing acknowledged is lost',
    /bill was answered committed, recorded is nothing$/,
  ],
  [
    'an acknowledged payment that is recorded as aborted',
    (world) => void (world.outcome('bill').decision = { kind: 'aborted', atMs: 110, reason: shortOf('ann') }),
    'nothing acknowledged is lost',
    /bill was answered committed, recorded is aborted$/,
  ],
  [
    'an answer about another transaction',
    (world) => void (answerOf(world, 'bill', 'committed').txn = world.nextTxn()),
    'nothing acknowledged is lost',
    /bill was answered committed, recorded is committed$/,
  ],
  [
    'an answer before its decision',
    (world) => void (world.decision('gift').firstMs = 221),
    'the answer follows the decision',
    /gift was answered at 220, decided at 221$/,
  ],
  [
    'an answer without a decision',
    (world) => void world.decisions.delete(keyOf('gift')),
    'the answer follows the decision',
    /gift was answered at 220, decided at undefined$/,
  ],
  [
    'an answer with another body',
    (world) => changeBody(answerOf(world, 'bill', 'committed'), () => ({ memo: 'rent' })),
    'no answer contradicts another',
    /bill was answered with another body$/,
  ],
  [
    'an answer of another amount',
    (world) => changeBody(answerOf(world, 'bill', 'committed'), ({ legs: [from, to] }) => ({ legs: [from!, { ...to!, amountMinor: 31n }] })),
    'no answer contradicts another',
    /bill was answered with another body$/,
  ],
  [
    'an answer about another amount than was asked for',
    (world) => void (askOf(world, 'bill').legs[0]!.amountMinor = 29n),
    'no answer contradicts another',
    /bill: the answer is about another body than was asked for$/,
  ],
  [
    'an answer about another account than was asked for',
    (world) => void (askOf(world, 'bill').legs[1]!.account = accountNumber('dan')),
    'no answer contradicts another',
    /bill: the answer is about another body than was asked for$/,
  ],
  [
    'an answer about the other direction than was asked for',
    (world) => void (askOf(world, 'bill').legs[1]!.direction = 'debit'),
    'no answer contradicts another',
    /bill: the answer is about another body than was asked for$/,
  ],
  [
    'an answer about one leg more than was asked for',
    (world) => void askOf(world, 'bill').legs.pop(),
    'no answer contradicts another',
    /bill: the answer is about another body than was asked for$/,
  ],
  [
    'an answer of another kind than was asked for',
    (world) => void (askOf(world, 'charge').kind = 'void'),
    'no answer contradicts another',
    /charge: the answer is about another body than was asked for$/,
  ],
  [
    'an answer with another reason',
    (world) => void (answerOf(world, 'wish', 'aborted').reason.name = 'LOCK_TIMEOUT'),
    'no answer contradicts another',
    /wish: LOCK_TIMEOUT was answered, recorded is INSUFFICIENT_FUNDS$/,
  ],
  [
    'an answer with another balance',
    (world) => void (answerOf(world, 'bill', 'committed').balances[0]!.balanceMinor = 71n),
    'no answer contradicts another',
    /bill was answered with 71 on ann, recorded is 70$/,
  ],
  [
    'answers that contradict each other',
    (world) => answerOnceMore(world, 'bill'),
    'nothing acknowledged is lost',
    /bill was answered aborted, recorded is committed$/,
  ],
  [
    'a refused payment that is committed',
    (world) => void Object.assign(attemptOf(world, 'bill'), { answer: attemptOf(world, 'typo').answer }),
    'a refusal is the truth',
    /bill was refused each time, and is committed$/,
  ],
  [
    'a repetition that is called a conflict',
    (world) => conflictOnceMore(world, 'bill'),
    'a refusal is the truth',
    /bill: the same request was called a conflict with itself$/,
  ],
  [
    'a decision that is recorded otherwise at rest',
    (world) => void (world.decision('errand').kind = 'aborted'),
    'a decision never flips',
    /errand was decided aborted as .*, recorded at rest is committed as /,
  ],
  [
    'a decision that is lost',
    (world) => forget(world, 'errand'),
    'a decision never flips',
    /errand was decided committed as .*, recorded at rest is nothing as nothing$/,
  ],
  [
    'an outcome that nobody asked for',
    (world) => void world.history.payments.delete(keyOf('errand')),
    'nothing out of nothing',
    /errand was decided, nobody asked for it$/,
  ],
  [
    'an opening that nobody asked for',
    (world) => void world.history.otherRequests.pop(),
    'nothing out of nothing',
    /open-dan was decided, nobody asked for it$/,
  ],
  [
    'a payment without an answer that is recorded with another amount',
    (world) => changeBody(world.outcome('errand'), ({ legs }) => ({ legs: legs.map((leg) => ({ ...leg, amountMinor: 5n })) })),
    'nothing out of nothing',
    /errand was committed, but nobody asked for this body$/,
  ],
])('%s is named', (_name, tamper, rule, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding(rule, text));
});

test.each<[string, Tamper, RegExp]>([
  [
    'ABORTED of a committed payment',
    (world) => lookUp(world, 'bill', 'ABORTED', 125),
    /bill was said to be ABORTED at 125.0, recorded is committed from 110.0$/,
  ],
  [
    'COMMITTED of an aborted payment',
    (world) => lookUp(world, 'wish', 'COMMITTED', 330),
    /wish was said to be COMMITTED at 330.0, recorded is aborted from 310.0$/,
  ],
  [
    'COMMITTED before the decision',
    (world) => lookUp(world, 'bill', 'COMMITTED', 109),
    /bill was said to be COMMITTED at 109.0, recorded is committed from 110.0$/,
  ],
  [
    'PENDING of what was answered before it was asked',
    (world) => lookUp(world, 'bill', 'PENDING', 124),
    /bill was said to be PENDING at 124.0, recorded is committed from 110.0$/,
  ],
  [
    'unheard of when its end had been told',
    (world) => lookUp(world, 'bill', null, 124),
    /bill was said to be unheard of at 124.0, recorded is committed from 110.0$/,
  ],
  [
    'COMMITTED of what nobody has recorded',
    (world) => lookUp(world, 'typo', 'COMMITTED', LATER_MS),
    /typo was said to be COMMITTED at 1000.0, recorded is nothing/,
  ],
])('a look-up that lied, %s, is named', (_name, tamper, text) => {
  expect(findingsAfter(tamper)).toEqual([finding('no answer contradicts another', text)]);
});

/** ann has 60 then, of which the bound counts 20: an authorization and its capture are counted both. */
test.each<[string, Tamper, boolean]>([
  ['was there', () => undefined, false],
  ['was there but for one', (world) => payBefore(world, 11n), true],
  ['was there to the last one', (world) => payBefore(world, 10n), false],
  [
    'was taken by a payment that began before the answer',
    (world) =>
      world.commit({
        id: 'other',
        legs: [
          ['ann', 'debit', 20n],
          ['bob', 'credit', 20n],
        ],
        startMs: LATER_MS + 15,
      }),
    true,
  ],
  [
    'was taken by a payment that began with the answer',
    (world) =>
      world.commit({
        id: 'other',
        legs: [
          ['ann', 'debit', 20n],
          ['bob', 'credit', 20n],
        ],
        startMs: LATER_MS + 20,
      }),
    false,
  ],
  [
    'came with a credit that was acknowledged at that very moment',
    (world) =>
      void (payBefore(world, 20n),
      world.commit({
        id: 'credit',
        legs: [
          ['bob', 'debit', 10n],
          ['ann', 'credit', 10n],
        ],
        startMs: LATER_MS - 20,
      })),
    false,
  ],
  [
    'came with a credit that nobody had heard of',
    (world) =>
      void (payBefore(world, 20n),
      world.commit({
        id: 'credit',
        legs: [
          ['bob', 'debit', 10n],
          ['ann', 'credit', 10n],
        ],
        startMs: LATER_MS - 19,
      })),
    true,
  ],
  [
    'came with a credit without an answer',
    (world) =>
      void (payBefore(world, 20n),
      world.commit({
        id: 'credit',
        legs: [
          ['bob', 'debit', 10n],
          ['ann', 'credit', 10n],
        ],
        startMs: LATER_MS - 60,
        isAnswered: false,
      })),
    true,
  ],
  ['was held by a payment that was then aborted', (world) => holdFor(world, LATER_MS - 11), true],
  ['was held until just before the question', (world) => holdFor(world, LATER_MS - 12), false],
  ['was held from the moment of the answer', (world) => holdFor(world, LATER_MS + 15), true],
  ['was held after the answer only', (world) => holdFor(world, LATER_MS + 16), false],
  [
    'was promised by a credit that was then aborted',
    (world) =>
      world.abort(
        {
          id: 'other',
          legs: [
            ['bob', 'debit', 60n],
            ['ann', 'credit', 60n],
          ],
          preparedOn: ['ann'],
          startMs: LATER_MS,
        },
        shortOf('bob'),
      ),
    false,
  ],
  [
    'was above the minimum only',
    (world) => void world.history.accounts.set(accountNumber('ann'), { ...world.history.accounts.get(accountNumber('ann'))!, minimumMinor: 11n }),
    true,
  ],
  ['was above a minimum that somebody had raised only', (world) => void (world.history.accounts.get(accountNumber('ann'))!.highestMinimumMinor = 51n), true],
])('INSUFFICIENT_FUNDS for money that %s', (_name, before, isTrue) => {
  const world = soundLedger();
  before(world);
  const known = findingsOf(world);
  world.abort(
    {
      id: 'hope',
      legs: [
        ['ann', 'debit', 10n],
        ['cid', 'credit', 4n],
        ['dan', 'credit', 6n],
      ],
      startMs: LATER_MS,
    },
    shortOf('ann'),
  );
  const added = findingsOf(world).slice(known.length);
  expect(added).toEqual(isTrue ? [] : [finding('a refusal is the truth', /hope: INSUFFICIENT_FUNDS for 10 of ann, which had at least \d+ all the time$/)]);
});

test.each<[string, Subject, readonly string[]]>([
  ['an operator', { kind: 'operator', name: 'mas|ops' }, []],
  ['the payer', { kind: 'account', account: accountNumber('ann') }, []],
  ['the receiver', { kind: 'account', account: accountNumber('bob') }, ['a token takes only its own money']],
])('a payment that %s has asked for', (_name, subject, rules) => {
  expect(findingsAfter((world) => void Object.assign(world.payment('bill'), { subject })).map(({ rule }) => rule)).toEqual(rules);
});

test.each<[string, readonly string[]]>([
  ['ann', []],
  ['bob', ['a token reads only its own account']],
])("ann's token is shown %s", (shown, rules) => {
  const readers = (world: LedgerDraft): void => {
    read(world, 'committed', LATER_MS, LATER_MS + 1, { [shown]: world.account(shown).balanceMinor });
    Object.assign(world.history.reads.at(-1)!, { subject: { kind: 'account', account: accountNumber('ann') } });
  };
  expect(findingsAfter(readers).map(({ rule }) => rule)).toEqual(rules);
});

test('INSUFFICIENT_FUNDS that nobody heard of is not judged: it bounds nothing', () => {
  expect(
    findingsAfter((world) =>
      world.abort(
        {
          id: 'hope',
          legs: [
            ['ann', 'debit', 10n],
            ['cid', 'credit', 4n],
            ['dan', 'credit', 6n],
          ],
          startMs: LATER_MS,
          isAnswered: false,
        },
        shortOf('ann'),
      ),
    ),
  ).toEqual([]);
});

function attemptOf(world: LedgerDraft, id: string): Attempt {
  return world.payment(id).attempts.at(-1)!;
}

function answerOf<Kind extends 'committed' | 'aborted'>(world: LedgerDraft, id: string, kind: Kind): Answer<Kind> {
  const { answer } = attemptOf(world, id);
  if (answer?.ok !== true || answer.value.kind !== kind) throw new Error(`${id} was not answered ${kind}`);
  return answer.value as Answer<Kind>;
}

function askOf(world: LedgerDraft, id: string): Mutable<Attempt['request']> {
  return attemptOf(world, id).request as Mutable<Attempt['request']>;
}

function forget(world: LedgerDraft, id: string): void {
  const gone = world.outcome(id);
  for (const rows of world.buckets) rows.outcomes = rows.outcomes.filter((outcome) => outcome !== gone);
}

function answerOnceMore(world: LedgerDraft, id: string): void {
  const { txn, body, decision } = world.outcome(id);
  world.payment(id).attempts.push({
    ...attemptOf(world, id),
    startMs: 121,
    endMs: 130,
    answer: ok({ kind: 'aborted', txn, body, atMs: decision.atMs, reason: shortOf('ann') }),
  });
}

/** Answered long before. */
function payBefore(world: LedgerDraft, amountMinor: bigint): void {
  world.commit({
    id: 'before',
    legs: [
      ['ann', 'debit', amountMinor],
      ['bob', 'credit', amountMinor],
    ],
    startMs: LATER_MS - 80,
  });
}

/** Holds 20 of ann for six milliseconds, five after this time. */
function holdFor(world: LedgerDraft, startMs: number): void {
  world.abort(
    {
      id: 'other',
      legs: [
        ['ann', 'debit', 20n],
        ['dan', 'credit', 20n],
      ],
      preparedOn: ['ann'],
      startMs,
    },
    { name: 'CANCELLED', account: null, facts: {} },
  );
}

function changeBody(of: { body: PaymentBody }, change: (body: PaymentBody) => Partial<BodyContent>): void {
  of.body = PaymentBody.of({ ...of.body, ...change(of.body) });
}

function conflictOnceMore(world: LedgerDraft, id: string): void {
  const [first] = world.payment(id).attempts;
  world
    .payment(id)
    .attempts.push({ ...first!, answer: { ok: false, error: { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'id', message: 'x', facts: {} } } });
}
