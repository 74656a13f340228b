/** Each rule about ids can say no: a request, an answer or a record is added to a world in which all is well. */
import { changeBody, changeRecordKey } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { accountNumber } from '@mas/values';
import type { LedgerDraft } from './testing/ledger-draft';
import { keyOf } from './testing/plan';
import { finding, findingsAfter, type Tamper } from './testing/sound-ledger';

const ANN = accountNumber('ann');
const FREEZE = changeBody(ANN, { kind: 'freeze' });
const asked = (world: LedgerDraft, id: string, what: string, heard: 'done' | 'refused' | null): void =>
  void world.history.otherRequests.push({ key: keyOf(id), what, heard });

test.each<[string, Tamper]>([
  ['a change and its binding', (world) => void (asked(world, 'x', 'freeze of account ann', 'done'), record(world, 'x'))],
  [
    'a change that several asked for, of whom one was heard',
    (world) =>
      void (asked(world, 'x', 'freeze of account ann', 'done'),
      asked(world, 'x', 'freeze of account ann', 'refused'),
      asked(world, 'x', 'freeze of account bob', null),
      record(world, 'x')),
  ],
  ['a change under the id of a payment that was not answered', (world) => asked(world, 'bill', 'freeze of account ann', null)],
])('%s: all is well', (_name, tamper) => {
  expect(findingsAfter(tamper)).toEqual([]);
});

test.each<[string, Tamper, RegExp]>([
  [
    'two changes under one id',
    (world) => void (asked(world, 'x', 'freeze of account ann', 'done'), asked(world, 'x', 'freeze of account bob', 'refused'), record(world, 'x')),
    /x served freeze of account ann and freeze of account bob$/,
  ],
  ['a change under the id of a payment', (world) => asked(world, 'bill', 'freeze of account ann', 'done'), /bill served a payment and freeze of account ann$/],
  [
    'a change to which no id is bound',
    (world) => void (asked(world, 'x', 'freeze of account ann', 'done'), record(world, 'x', { isBound: false })),
    /was decided for \["freeze","ann",null\], to which no id is bound$/,
  ],
  [
    'a change to which an id is bound for something else',
    (world) => void (asked(world, 'x', 'freeze of account ann', 'done'), record(world, 'x', { bound: changeBody(ANN, { kind: 'close' }) })),
    /was decided for \["freeze","ann",null\], to which no id is bound$/,
  ],
])('%s is named', (_name, tamper, text) => {
  expect(findingsAfter(tamper)).toEqual([finding('an id belongs to one request', text)]);
});

function record(world: LedgerDraft, id: string, { isBound = true, bound = FREEZE } = {}): void {
  const { outcomes } = world.bucketOf('ann');
  const txn = world.nextTxn();
  const row = {
    slot: slotOfAccount(ANN),
    subject: { kind: 'system' as const },
    decision: { kind: 'committed' as const, atMs: 0, commitUs: 0 },
    balances: [],
    untold: [],
    forced: [],
  };
  if (isBound) outcomes.push({ ...row, key: keyOf(id), txn, body: bound });
  outcomes.push({ ...row, key: changeRecordKey(keyOf(id), txn, ANN), txn: world.nextTxn(), body: FREEZE });
}
