/** Each rule about money at rest can say no: one thing of a sound world is tampered with, and the rule and what is wrong are named. */
import { PaymentBody, type LegEffect } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { accountNumber, currency } from '@mas/values';
import type { LedgerDraft } from './testing/ledger-draft';
import { keyOf, USD } from './testing/plan';
import { finding, findingsAfter, LATER_MS, plannedOf, shortOf, type Tamper } from './testing/sound-ledger';

test.each<[string, Tamper, string, RegExp]>([
  [
    'an opened account that is gone',
    (world) => void world.bucketOf('dan').accounts.pop(),
    'nothing acknowledged is lost',
    /^account dan was opened and is not there$/,
  ],
  ['a gap', (world) => void (world.leg('refund', 'ann').journal!.seq = 5), 'the journal has no gap', /^ann: position 4 holds 5$/],
  ['a position twice', (world) => void (world.leg('gift', 'ann').journal!.seq = 1), 'the journal has no gap', /^ann: position 2 holds 1$/],
  [
    'a running balance',
    (world) => void (world.leg('gift', 'ann').journal!.balanceAfterMinor = 81n),
    'the journal adds up',
    /^ann: 00000006 leaves 81, the sum is 80$/,
  ],
  ['a balance', (world) => world.move('ann', 1n), 'the journal adds up', /^ann holds 61, its journal ends at 60$/],
  [
    'a balance below the minimum',
    (world) => void Object.assign(plannedOf(world, 'cid'), { minimumMinor: 17n }),
    'never below the minimum',
    /^cid: 16 after 0000000c, minimum 17$/,
  ],
  [
    'a balance that was below the minimum for a while',
    (world) => void Object.assign(plannedOf(world, 'ann'), { minimumMinor: 56n }),
    'never below the minimum',
    /^ann: 55 after 00000009, minimum 56$/,
  ],
  [
    'money that is held below the minimum',
    (world) => void Object.assign(plannedOf(world, 'bob'), { minimumMinor: 46n }),
    'never below the minimum',
    /^bob: 65 less 20 held, minimum 46$/,
  ],
  [
    'a capture that does not end',
    (world) => void (world.leg('booking', 'bob').reservation!.status = 'capturing'),
    'no leg stays prepared',
    /^bob: an authorization is still being captured$/,
  ],
  ['a hold', (world) => void (world.account('ann').holdsMinor = 40n), 'no hold stays', /^ann holds back 40, open authorizations are 0$/],
  ['a hold that is gone', (world) => void (world.account('bob').holdsMinor = 0n), 'no hold stays', /^bob holds back 0, open authorizations are 20$/],
  ['a pending credit', (world) => void (world.account('cid').pendingCreditsMinor = 15n), 'no hold stays', /^cid waits for 15$/],
  ['money out of nothing', (world) => world.move('dan', 9n), 'money is conserved', /^accounts hold 179 USD, 170 were opened$/],
  ["an account's money out of nothing", (world) => openedByNobody(world), 'money is conserved', /^accounts hold 177 USD, 170 were opened$/],
  [
    'money changed into another currency',
    (world) => void (world.account('dan').currency = currency('EUR')),
    'money is conserved',
    /^accounts hold 29 EUR, 0 were opened$/,
  ],
  [
    'an account that nobody opened',
    (world) => void world.history.accounts.delete(accountNumber('dan')),
    'nothing out of nothing',
    /^account dan is there, nobody opened it$/,
  ],
  ["a bucket's totals", (world) => void world.bucketOf('bob').meta!.totals.set(USD, 95n), 'money is conserved', /^bucket 2 holds 94 USD and says 95$/],
  ["a bucket's lost meta row", (world) => void (world.bucketOf('ann').meta = null), 'money is conserved', /^bucket 1 holds 76 USD and says 0$/],
])('an account: %s is named', (_name, tamper, rule, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding(rule, text));
});

test.each<[string, Tamper, string, RegExp]>([
  [
    'a leg missing on one side',
    (world) => removeLeg(world, 'bill', 'bob'),
    'both sides agree',
    /bill was committed, but its leg on bob is missing with undefined undefined$/,
  ],
  [
    'a leg of another amount',
    (world) => void (world.leg('bill', 'bob').spec.amountMinor = 31n),
    'both sides agree',
    /bill was committed, but its leg on bob is committed with credit 31$/,
  ],
  [
    'a leg of another effect',
    (world) => void (world.leg('bill', 'bob').spec.effect = 'debit'),
    'both sides agree',
    /bill was committed, but its leg on bob is committed with debit 30$/,
  ],
  [
    'a leg in another currency',
    (world) => void (world.leg('bill', 'bob').spec.currency = currency('EUR')),
    'both sides agree',
    /bill was committed, but its leg on bob is committed with credit 30$/,
  ],
  [
    'a leg that was rolled back',
    (world) => void (world.leg('bill', 'bob').state = 'aborted'),
    'both sides agree',
    /bill was committed, but its leg on bob is aborted/,
  ],
  [
    'a committed leg without a journal line',
    (world) => void (world.leg('errand', 'dan').journal = null),
    'both sides agree',
    /errand: the leg on dan has no journal line$/,
  ],
  [
    'an authorization with a journal line',
    (world) => void (world.leg('booking', 'bob').journal = { seq: 4, balanceAfterMinor: 65n }),
    'both sides agree',
    /booking: the leg on bob has a journal line$/,
  ],
  [
    'an answer about a balance that the journal does not know',
    (world) => void (world.outcome('bill').balances[0]!.balanceMinor = 71n),
    'both sides agree',
    /bill answers 71 for ann, the journal says 70$/,
  ],
  [
    'a committed leg whose home says aborted',
    (world) => void (world.outcome('errand').decision = { kind: 'aborted', atMs: 810, reason: shortOf('cid') }),
    'both sides agree',
    /errand is committed on dan, its home says aborted$/,
  ],
  [
    'an aborted payment with a committed leg',
    (world) => void (world.leg('wish', 'cid').state = 'committed'),
    'both sides agree',
    /wish was aborted, but its leg on cid is committed$/,
  ],
  [
    'an aborted payment with a leg still prepared',
    (world) => void (world.leg('wish', 'cid').state = 'prepared'),
    'both sides agree',
    /wish was aborted, but its leg on cid is prepared$/,
  ],
  [
    'a committed leg whose home knows nothing',
    (world) => removeOutcome(world, 'errand'),
    'both sides agree',
    /errand is committed on cid, its home says nothing$/,
  ],
  ['an aborted leg that has moved money', (world) => moveAborted(world), 'both sides agree', /stop was aborted on cid, which has a journal line$/],
  ['an aborted leg that holds money back', (world) => holdAborted(world), 'no hold stays', /wish was aborted on cid and holds 3 back$/],
  [
    'an authorization that holds its money after its capture',
    (world) => holdCaptured(world),
    'no hold stays',
    /^authorization 00000008 was consumed and still holds 40 of ann back$/,
  ],
  [
    'a refund that stays under way',
    (world) => void (world.leg('bill', 'bob').refundReservedMinor = 2n),
    'no hold stays',
    /bill on bob: 2 are still reserved for refunds$/,
  ],
  ['a prepared leg', (world) => prepareForNobody(world), 'no leg stays prepared', /stray on dan is still prepared$/],
  ['an untold leg', (world) => void world.outcome('bill').untold.push({ account: accountNumber('bob') }), 'every leg is told', /bill: bob not told$/],
])('both sides of a payment: %s is named', (_name, tamper, rule, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding(rule, text));
});

test.each<[string, Tamper, RegExp]>([
  ['a leg applied twice', (world) => applyTwice(world), /^bob has 1 legs of a transaction that it has already$/],
  ['a payment with a leg too many', (world) => applyTwice(world), /bill has 2 legs, the buckets have 3$/],
  [
    'a leg on an account that is not in the payment',
    (world) => void world.bucketOf('dan').legs.push({ ...world.leg('errand', 'dan'), key: world.leg('bill', 'ann').key, txn: world.leg('bill', 'ann').txn }),
    /bill has 2 legs, the buckets have 3$/,
  ],
  [
    'an id that is recorded at two homes',
    (world) =>
      void world
        .bucketOf('bob')
        .outcomes.push({ ...world.outcome('bill'), txn: world.nextTxn(), body: PaymentBody.of({ ...world.outcome('bill').body, legs: [] }), balances: [] }),
    /bill is recorded 2 times$/,
  ],
  ['an authorization consumed twice', (world) => build(world, 'void', 'deposit', ['ann', 'void', 0n]), /^authorization 00000008 was consumed 2 times$/],
  [
    'an authorization captured twice',
    (world) => build(world, 'capture', 'deposit', ['ann', 'capture', 15n], ['dan', 'credit', 15n]),
    /^authorization 00000008 was consumed 2 times$/,
  ],
  [
    'a capture above what was put aside',
    (world) => build(world, 'capture', 'booking', ['bob', 'capture', 21n], ['dan', 'credit', 21n]),
    /^21 of 20 that 0000000b put aside on bob were captured$/,
  ],
  ['a capture of what was never put aside', (world) => captureAborted(world), /^1 of 0 that 0000000d put aside on ann were captured$/],
  [
    'refunds above what was paid',
    (world) => build(world, 'refund', 'bill', ['bob', 'refund-debit', 26n], ['ann', 'credit', 26n]),
    /^31 of 30 that 00000005 paid to bob were refunded$/,
  ],
  ['a refund above one of several legs', (world) => refundOneOfSeveral(world), /^5 of 4 that 0000000d paid to bob were refunded$/],
  [
    'a refund of what was never paid',
    (world) => build(world, 'refund', 'wish', ['cid', 'refund-debit', 1n], ['dan', 'credit', 1n]),
    /^1 of 0 that 00000007 paid to cid were refunded$/,
  ],
])('nothing twice: %s is named', (_name, tamper, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding('nothing twice', text));
});

function removeLeg(world: LedgerDraft, id: string, account: string): void {
  const { legs } = world.bucketOf(account);
  legs.splice(legs.indexOf(world.leg(id, account)), 1);
}

function removeOutcome(world: LedgerDraft, id: string): void {
  const gone = world.outcome(id);
  for (const rows of world.buckets) rows.outcomes = rows.outcomes.filter((outcome) => outcome !== gone);
}

function applyTwice(world: LedgerDraft): void {
  const first = world.leg('bill', 'bob');
  world.bucketOf('bob').legs.push({ ...first, seq: 99, journal: { seq: 4, balanceAfterMinor: 95n } });
  world.move('bob', 30n);
}

/** Sums, journals and conservation all hold; it has moved money from ann to cid all the same. */
function moveAborted(world: LedgerDraft): void {
  world.abort(
    {
      id: 'stop',
      legs: [
        ['ann', 'debit', 15n],
        ['cid', 'credit', 15n],
      ],
      preparedOn: ['ann', 'cid'],
      startMs: LATER_MS,
    },
    shortOf('ann'),
  );
  world.move('ann', -15n);
  world.move('cid', 15n);
  world.leg('stop', 'ann').journal = { seq: 5, balanceAfterMinor: 45n };
  world.leg('stop', 'cid').journal = { seq: 2, balanceAfterMinor: 31n };
}

function holdAborted(world: LedgerDraft): void {
  world.leg('wish', 'cid').reservation = { status: 'open', expiresAtMs: 1, reservedMinor: 3n, consumedBy: null };
  world.account('cid').holdsMinor = 3n;
}

function holdCaptured(world: LedgerDraft): void {
  world.leg('deposit', 'ann').reservation = { status: 'open', expiresAtMs: 1, reservedMinor: 40n, consumedBy: null };
  world.account('ann').holdsMinor = 40n;
}

function captureAborted(world: LedgerDraft): void {
  world.abort({ id: 'nay', kind: 'authorization', legs: [['ann', 'authorize', 90n]], preparedOn: ['ann'], startMs: LATER_MS }, shortOf('ann'));
  build(world, 'capture', 'nay', ['ann', 'capture', 1n], ['dan', 'credit', 1n]);
}

function refundOneOfSeveral(world: LedgerDraft): void {
  world.commit({
    id: 'split',
    legs: [
      ['ann', 'debit', 6n],
      ['bob', 'credit', 4n],
      ['dan', 'credit', 2n],
    ],
    startMs: LATER_MS,
  });
  build(world, 'refund', 'split', ['bob', 'refund-debit', 5n], ['ann', 'credit', 5n]);
}

function prepareForNobody(world: LedgerDraft): void {
  const stray = { ...world.leg('errand', 'dan'), key: keyOf('stray'), txn: world.nextTxn(), state: 'prepared' as const, journal: null };
  world.bucketOf('dan').legs.push(stray);
}

/** With money, in a bucket that counts it, but nobody asked for it. */
function openedByNobody(world: LedgerDraft): void {
  const number = accountNumber('fay');
  world.bucketOf('fay').accounts.push({ ...world.account('dan'), slot: slotOfAccount(number), number, balanceMinor: 0n });
  world.move('fay', 7n);
}

/** One more payment that builds on another one, consistent in itself. */
function build(world: LedgerDraft, kind: 'capture' | 'void' | 'refund', reference: string, ...legs: readonly [string, LegEffect, bigint][]): void {
  world.commit({ id: 'more', kind, reference, legs, startMs: LATER_MS });
}
