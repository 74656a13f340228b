/** What one request carries, and who hears what of its answer. */
import { MAX_MEMBERS, type Instruction } from '@mas/ledger';
import type { InstructionItem, ItemReply } from '@mas/two-phase-commit';
import { accountNumber, paymentKey, txnId } from '@mas/values';
import { RequestItems } from './request-items';

const account = accountNumber('a');
const txn = (n: number): ReturnType<typeof txnId> => txnId(n.toString(16).padStart(64, '0'));
const key = (n: number): ReturnType<typeof paymentKey> => paymentKey('mas|ops', String(n));
const item = (instruction: Instruction, token: string | null = null): InstructionItem => ({ instruction, token });
const commit = (n: number): InstructionItem => item({ kind: 'commit', txn: txn(n), account, commitUs: n });
const acknowledge = (n: number): InstructionItem => item({ kind: 'acknowledge', key: key(n), txn: txn(n), accounts: [account] });
const expire = (n: number): InstructionItem => item({ kind: 'expire', txn: txn(n), account }, `token ${n}`);

const done: ItemReply = { kind: 'outcome', outcome: { kind: 'done' } };
const committed: ItemReply = { kind: 'outcome', outcome: { kind: 'leg-ended', leg: { state: 'committed', reason: null } } };
const kindsOf = ({ items }: RequestItems): readonly string[] => items.map(({ instruction }) => instruction.kind);

test('one that is alone of its kind goes as it is, and so do all to a bucket that has not said that it takes many', () => {
  for (const [instructions, isManyTold] of [
    [[commit(1), expire(2), acknowledge(3)], true],
    [[commit(1), commit(2), acknowledge(3), acknowledge(4)], false],
  ] as const) {
    const sent = new RequestItems(instructions, isManyTold);
    expect(sent.items).toEqual(instructions);
    const replies = instructions.map((_, at): ItemReply => ({ kind: 'permission-denied', reason: String(at) }));
    expect(instructions.map((_, at) => sent.replyOf(at, replies))).toEqual(replies);
  }
});

test('one that is alone of its kind goes as it is beside many of the other', () => {
  expect(kindsOf(new RequestItems([acknowledge(1), commit(2), acknowledge(3)], true))).toEqual(['acknowledge-many', 'commit']);
  expect(kindsOf(new RequestItems([commit(1), acknowledge(2), commit(3)], true))).toEqual(['commit-many', 'acknowledge']);
});

test('those of a kind share one, at the place of the first; each hears what it would have heard alone', () => {
  const instructions = [expire(1), commit(2), acknowledge(3), expire(4), commit(5), acknowledge(6), commit(7)];
  const sent = new RequestItems(instructions, true);
  expect(sent.items).toEqual([
    expire(1),
    item({ kind: 'commit-many', legs: [2, 5, 7].map((n) => expect.objectContaining({ txn: txn(n), account }) as never) }),
    item({ kind: 'acknowledge-many', told: [3, 6].map((n) => expect.objectContaining({ key: key(n), txn: txn(n), accounts: [account] }) as never) }),
    expire(4),
  ]);
  const refused: ItemReply = { kind: 'permission-denied', reason: 'x' };
  const heard = (replies: readonly ItemReply[]): readonly unknown[] => instructions.map((_, at) => sent.replyOf(at, replies));
  expect(heard([refused, done, done, done])).toEqual([refused, committed, done, done, committed, done, committed]);
  const alarm = { kind: 'alarm', alarm: { name: 'COMMIT_WITHOUT_PREPARE', txn: txn(5), account } } as const;
  const wrongBucket = { kind: 'wrong-bucket', slot: 1 as never, epoch: 1 } as const;
  const each: ItemReply = { kind: 'outcome', outcome: { kind: 'each', outcomes: [{ kind: 'done' }, alarm, wrongBucket] } };
  expect(heard([done, each, refused, done])).toEqual([
    done,
    committed,
    refused,
    done,
    { kind: 'outcome', outcome: alarm },
    refused,
    { kind: 'outcome', outcome: wrongBucket },
  ]);
});

test('an answer for fewer than were told is none for the others', () => {
  const sent = new RequestItems([commit(1), commit(2)], true);
  const replies: readonly ItemReply[] = [{ kind: 'outcome', outcome: { kind: 'each', outcomes: [{ kind: 'done' }] } }];
  expect([sent.replyOf(0, replies), sent.replyOf(1, replies).kind]).toEqual([committed, 'unreachable']);
  expect(sent.replyOf(0, []).kind).toBe('unreachable');
});

test.each([
  [MAX_MEMBERS, [MAX_MEMBERS]],
  [MAX_MEMBERS + 1, [129, 128]],
  [2 * MAX_MEMBERS + 1, [171, 171, 171]],
])('%i are divided evenly', (count, sizes) => {
  const instructions = Array.from({ length: count }, (_, n) => commit(n));
  const sent = new RequestItems(instructions, true);
  expect(kindsOf(sent)).toEqual(sizes.map(() => 'commit-many'));
  expect(sent.items.map(({ instruction }) => (instruction.kind === 'commit-many' ? instruction.legs.length : 0))).toEqual(sizes);
  const replies = sizes.map(
    (size, of): ItemReply => ({
      kind: 'outcome',
      outcome: { kind: 'each', outcomes: Array.from({ length: size }, (_, at) => ({ kind: 'wrong-bucket', slot: of as never, epoch: at })) },
    }),
  );
  const told = instructions.map((_, at) => sent.replyOf(at, replies));
  expect(told.map((reply) => (reply.kind === 'outcome' && reply.outcome.kind === 'wrong-bucket' ? [reply.outcome.slot, reply.outcome.epoch] : []))).toEqual(
    sizes.flatMap((size, of) => Array.from({ length: size }, (_, at) => [of, at])),
  );
});
