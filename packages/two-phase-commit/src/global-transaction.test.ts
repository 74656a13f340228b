/**
 * The state machine, step by step. Each scenario is the list of events and, after each, the effects it must ask for,
 * in words: `prepare bob@2`, `decide-commit@1 [bob]`. What the property test cannot say is said here: which effect
 * comes when, and which must not come.
 */
import type { AbortReason, LegRow, Outcome, OutcomeRow, UndecidedLeg } from '@mas/ledger';
import { accountNumber, bucketId, paymentKey, slot, txnId, type AccountNumber } from '@mas/values';
import {
  advance,
  globalTransaction,
  resolveTransaction,
  timelineOf,
  type GlobalTransaction,
  type InstructionReply,
  type Placing,
  type TransactionEffect,
  type TransactionEvent,
  type TransactionPlan,
} from './index';
import { OPERATOR, payment } from './testing/world';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((name) => accountNumber(name)) as [AccountNumber, AccountNumber, AccountNumber];
const TXN = txnId('1'.repeat(64));
const OTHER = txnId('2'.repeat(64));
const LIMITS = { lockedRetryMs: 2_000, retryMinMs: 10, retryMaxMs: 200, movedRetryMs: 1_000 };

const plan: TransactionPlan = {
  txn: TXN,
  key: paymentKey('mas|ops', 'p'),
  homeSlot: slot(1),
  subject: OPERATOR,
  lockTokens: [],
  createdAtMs: 1_000_000,
  startedAtMs: 0,
  limits: LIMITS,
  body: payment([
    [ann, 'debit', 3n],
    [bob, 'credit', 2n],
    [cat, 'credit', 1n],
  ]),
};
const placing = (home: number, ...legs: readonly number[]): Placing => ({ homeBucket: bucketId(home), legBuckets: legs.map(bucketId) });
const spread = placing(1, 1, 2, 3);

const committedRow = (untold: readonly AccountNumber[] = []): OutcomeRow => ({
  slot: plan.homeSlot,
  key: plan.key,
  txn: TXN,
  body: plan.body,
  subject: OPERATOR,
  decision: { kind: 'committed', atMs: 7, commitUs: 7_000 },
  balances: [],
  untold: untold.map((account) => ({ account })),
  forced: [],
});
const abortedRow = (name: AbortReason['name'], untold: readonly AccountNumber[] = []): OutcomeRow => ({
  ...committedRow(untold),
  decision: { kind: 'aborted', atMs: 7, reason: { name, account: null, facts: {} } },
});
const boundRow: OutcomeRow = { ...committedRow(), txn: OTHER };
const outcome = (of: Outcome): InstructionReply => ({ kind: 'outcome', outcome: of });
const decided = (row: OutcomeRow, fresh = true): InstructionReply => outcome({ kind: 'decided', outcome: row, fresh });
const legRow = (state: LegRow['state'], name: AbortReason['name'] = 'ABANDONED'): LegRow =>
  ({ state, reason: state === 'aborted' ? { name, account: null, facts: {} } : null }) as LegRow;
const prepared = outcome({ kind: 'prepared', leg: legRow('prepared') });
const ended = outcome({ kind: 'leg-ended', leg: legRow('committed') });
const refused = outcome({ kind: 'refused', refusal: { name: 'ACCOUNT_CLOSED', account: bob, facts: {} } });
const locked = outcome({ kind: 'locked', lock: { slot: slot(1), lockId: bob, mode: 'exclusive', owner: 'auditor', token: 1, untilMs: 9, heldBy: '' } });
const moved = outcome({ kind: 'wrong-bucket', slot: slot(1), epoch: 2 });
const lost: InstructionReply = { kind: 'unreachable', reason: 'silence' };
const undecidedLeg: UndecidedLeg = { txn: OTHER, key: paymentKey('mas|ops', 'q'), homeSlot: slot(9), account: bob };
const wait = outcome({ kind: 'wait', undecided: [undecidedLeg] });

const begin: TransactionEvent = { kind: 'begin', nowMs: 0 };
const journaled = (...lockIds: readonly string[]): TransactionEvent => ({ kind: 'journaled', nowMs: 1, written: true, exclusivelyLocked: lockIds });
const leg = (account: AccountNumber, reply: InstructionReply, nowMs = 2): TransactionEvent => ({ kind: 'leg-replied', nowMs, account, reply });
const home = (reply: InstructionReply, nowMs = 3): TransactionEvent => ({ kind: 'home-replied', nowMs, reply });
const told = (account: AccountNumber, reply: InstructionReply = ended): TransactionEvent => ({ kind: 'leg-told', nowMs: 4, account, reply });
const deadline: TransactionEvent = { kind: 'deadline', nowMs: 5 };
const answerBy: TransactionEvent = { kind: 'answer-by', nowMs: 6 };

function words(effect: TransactionEffect): string {
  switch (effect.kind) {
    case 'prepare':
      return `prepare ${effect.instruction.account}@${effect.bucket}${effect.instruction.undecided.length > 0 ? ' naming undecided' : ''}`;
    case 'decide': {
      const { instruction } = effect;
      if (instruction.kind === 'decide-commit')
        return `decide-commit@${effect.bucket} [${instruction.remotePrepared.join()}]${instruction.undecided.length > 0 ? ' naming undecided' : ''}`;
      return instruction.kind === 'decide-abort' ? `decide-abort@${effect.bucket} ${instruction.reason.name}` : `resolve@${effect.bucket}`;
    }
    case 'tell':
      return `${effect.instruction.kind} ${effect.instruction.account}@${effect.bucket}`;
    case 'settle':
      return `settle@${effect.bucket} ${effect.instructions.map((instruction) => instruction.kind).join()}`;
    case 'acknowledge':
      return `acknowledge@${effect.bucket} [${effect.instruction.accounts.join()}]`;
    case 'wake':
      return `wake ${effect.waiter} in ${effect.delayMs}`;
    case 'query-homes':
      return `query homes for ${effect.waiter}`;
    case 'await-locks':
      return `await locks ${effect.lockIds.join()}`;
    case 'alarm':
      return `alarm ${effect.alarm.name}`;
    case 'answer':
      return answerWords(effect.answer);
    case 'journal-begin':
    case 'journal-end':
    case 'journal-forget':
    case 'refresh-placement':
    case 'ended':
      return effect.kind;
    default:
      return effect satisfies never;
  }
}

function answerWords(answer: Extract<TransactionEffect, { kind: 'answer' }>['answer']): string {
  if (answer.kind !== 'recorded') return `answer ${answer.kind}`;
  return answer.outcome.decision.kind === 'committed' ? 'answer committed' : `answer aborted ${answer.outcome.decision.reason.name}`;
}

/** Runs the events; answers with the effects of each, and the machine. */
function play(
  script: readonly (readonly [TransactionEvent, readonly string[]])[],
  start: GlobalTransaction = globalTransaction(plan, spread),
): GlobalTransaction {
  let txn = start;
  for (const [i, [event, expected]] of script.entries()) {
    const next = advance(txn, event);
    expect({ i, event: event.kind, effects: next.effects.map(words) }).toEqual({ i, event: event.kind, effects: expected });
    txn = next.txn;
  }
  return txn;
}

const preparing = [
  [begin, ['journal-begin']],
  [journaled(), ['prepare bob@2', 'prepare cat@3']],
] as const;
const deciding = [...preparing, [leg(bob, prepared), []], [leg(cat, prepared), ['decide-commit@1 [bob,cat]']]] as const;

test('commit: everybody is prepared before the home is asked, the caller hears before the legs do', () => {
  const txn = play([
    ...deciding,
    [home(decided(committedRow([bob, cat]))), ['answer committed', 'commit bob@2', 'commit cat@3']],
    [told(cat), []],
    [told(bob), ['acknowledge@1 [bob,cat]', 'journal-end', 'ended']],
  ]);
  expect(timelineOf(txn).map((step) => `${step.atMs - plan.createdAtMs} ${step.step}`)).toEqual([
    '0 received',
    '1 journaled',
    '1 prepare-sent',
    '1 prepare-sent',
    '2 prepared',
    '2 prepared',
    '2 decide-sent',
    '3 decided',
    '3 answered',
    '3 tell-sent',
    '4 told',
    '4 told',
    '4 ended',
  ]);
});

test.each<[string, number | null, number | null, number | null]>([
  ['the highest of two', 70, 90, 90],
  ['the highest, in the other order', 90, 70, 90],
  ['the only one that has been said', null, 70, 70],
  ['none, where no bucket has moments', null, null, null],
])('moments: DECIDE carries %s of the promises, legs are told the commit time that the home has recorded', (_, ofBob, ofCat, notBeforeUs) => {
  const promise = (preparedUs: number | null): InstructionReply => outcome({ kind: 'prepared', leg: { ...legRow('prepared'), preparedUs } });
  const txn = [begin, journaled(), leg(bob, promise(ofBob))].reduce((before, event) => advance(before, event).txn, globalTransaction(plan, spread));
  const decide = advance(txn, leg(cat, promise(ofCat)));
  expect(decide.effects).toEqual([
    expect.objectContaining({ kind: 'decide', instruction: expect.objectContaining({ kind: 'decide-commit', notBeforeUs }) as unknown }),
  ]);
  for (const commitUs of [7_000, null]) {
    const record = { ...committedRow([bob, cat]), decision: { kind: 'committed' as const, atMs: 7, commitUs } };
    const { effects } = advance(decide.txn, home(decided(record)));
    expect(effects.flatMap((effect) => (effect.kind === 'tell' ? [effect.instruction] : []))).toEqual(
      [bob, cat].map((account) => ({ kind: 'commit', txn: TXN, account, commitUs })),
    );
  }
});

test('all legs at home: DECIDE alone, and nobody to tell', () => {
  play(
    [
      [begin, ['journal-begin']],
      [journaled(), ['decide-commit@1 []']],
      [home(decided(committedRow())), ['answer committed', 'journal-end', 'ended']],
    ],
    globalTransaction(plan, placing(1, 1, 1, 1)),
  );
});

test('a refusal ends it at once: abort at home first, then every remote leg hears, also the one not heard of', () => {
  play([
    ...preparing,
    [leg(bob, refused), ['decide-abort@1 ACCOUNT_CLOSED']],
    [leg(cat, prepared), []],
    [home(decided(abortedRow('ACCOUNT_CLOSED', [bob, cat]))), ['answer aborted ACCOUNT_CLOSED', 'rollback bob@2', 'rollback cat@3']],
    [told(bob), []],
    [told(cat, lost), ['acknowledge@1 [bob]', 'journal-end', 'ended']],
  ]);
});

test("the answer is the home's record, not the intention: another coordinator aborted first", () => {
  play([...deciding, [home(decided(abortedRow('ABANDONED'), false)), ['answer aborted ABANDONED', 'rollback bob@2', 'rollback cat@3']]]);
});

test("the answer is the home's record: this one gave up on a leg, but an earlier attempt has committed", () => {
  play([
    ...preparing,
    [leg(bob, lost), ['decide-abort@1 PARTICIPANT_UNAVAILABLE']],
    [home(decided(committedRow([cat]), false)), ['answer committed', 'commit bob@2', 'commit cat@3']],
  ]);
});

test('a leg that an earlier attempt aborted asks the home for that record', () => {
  play([...preparing, [leg(bob, outcome({ kind: 'leg-ended', leg: legRow('aborted', 'INSUFFICIENT_FUNDS') })), ['decide-abort@1 INSUFFICIENT_FUNDS']]]);
});

test('a conflict: the caller hears which, and only what this attempt touched is rolled back', () => {
  play([
    ...deciding,
    [home(outcome({ kind: 'conflict', bound: boundRow })), ['answer conflict', 'rollback bob@2', 'rollback cat@3']],
    [told(bob), []],
    [told(cat), ['journal-end', 'ended']],
  ]);
  play([
    [begin, ['journal-begin']],
    [journaled('ann'), ['await locks ann']],
    [{ kind: 'lock-timeout', nowMs: 9, lockId: 'ann', attempts: 10 }, ['decide-abort@1 LOCK_TIMEOUT']],
    [home(outcome({ kind: 'conflict', bound: boundRow })), ['answer conflict', 'journal-end', 'ended']],
  ]);
});

describe('held up', () => {
  test('LOCKED is asked again with growing pauses for two seconds, then the payment aborts', () => {
    const again: TransactionEvent = { kind: 'woken', nowMs: 50, waiter: bob };
    play([
      ...preparing,
      [leg(cat, prepared), []],
      [leg(bob, locked, 10), ['wake bob in 10']],
      [again, ['prepare bob@2']],
      [leg(bob, locked, 60), ['wake bob in 20']],
      [{ ...again, nowMs: 2_009 }, ['prepare bob@2']],
      [leg(bob, locked, 2_009), ['wake bob in 40']],
      [{ ...again, nowMs: 2_049 }, ['prepare bob@2']],
      [leg(bob, locked, 2_050), ['decide-abort@1 LOCK_TIMEOUT']],
    ]);
  });

  test('WAIT: the homes are asked; the decided are told first, the undecided are named', () => {
    const answered = (recorded: OutcomeRow | null | 'unreachable'): TransactionEvent => ({
      kind: 'homes-answered',
      nowMs: 9,
      waiter: bob,
      answers: [{ leg: undecidedLeg, recorded }],
    });
    const upTo = [...preparing, [leg(cat, prepared), []], [leg(bob, wait), ['query homes for bob']]] as const;
    play([...upTo, [answered(null), ['prepare bob@2 naming undecided']]]);
    play([...upTo, [answered({ ...committedRow(), txn: OTHER }), ['settle@2 commit']], [{ kind: 'settled', nowMs: 10, waiter: bob }, ['prepare bob@2']]]);
    play([...upTo, [answered({ ...abortedRow('CANCELLED'), txn: OTHER }), ['settle@2 rollback']]]);
    // The other's key belongs to a third: no money will come from it.
    play([...upTo, [answered({ ...committedRow(), txn: txnId('3'.repeat(64)) }), ['prepare bob@2 naming undecided']]]);
    play([
      ...upTo,
      [answered('unreachable'), ['wake bob in 200']],
      [{ kind: 'woken', nowMs: 210, waiter: bob }, ['prepare bob@2']],
      [leg(bob, wait, 2_100), ['decide-abort@1 PARTICIPANT_UNAVAILABLE']],
    ]);
  });

  test('the same at home', () => {
    play([
      ...deciding,
      [home(wait), ['query homes for home']],
      [{ kind: 'homes-answered', nowMs: 9, waiter: 'home', answers: [{ leg: undecidedLeg, recorded: null }] }, ['decide-commit@1 [bob,cat] naming undecided']],
      [home(locked, 10), ['wake home in 20']],
      [{ kind: 'woken', nowMs: 30, waiter: 'home' }, ['decide-commit@1 [bob,cat] naming undecided']],
      [home(locked, 2_500), ['decide-abort@1 LOCK_TIMEOUT']],
    ]);
  });
});

describe('slots that move', () => {
  const placed = (to: Placing, nowMs = 8): TransactionEvent => ({ kind: 'placed', nowMs, placing: to });

  test('a leg that went elsewhere is prepared there; one that came home needs no promise', () => {
    play([...preparing, [leg(bob, moved), ['refresh-placement']], [placed(placing(1, 1, 3, 3)), ['prepare bob@3']]]);
    play([...preparing, [leg(cat, prepared), []], [leg(bob, moved), ['refresh-placement']], [placed(placing(1, 1, 1, 3)), ['decide-commit@1 [cat]']]]);
  });

  test('a leg that left home before the decision is prepared first; a promise that moved stays one', () => {
    play([
      ...deciding,
      [home(moved), ['refresh-placement']],
      [placed(placing(1, 2, 3, 3)), ['prepare ann@2']],
      [leg(ann, prepared), ['decide-commit@1 [ann,bob,cat]']],
    ]);
  });

  test('the home moved: it is asked at its new place', () => {
    play([...deciding, [home(moved), ['refresh-placement']], [placed(placing(2, 2, 2, 3)), ['decide-commit@2 [bob,cat]']]]);
  });

  test('slots that keep moving: the payment aborts when its time for that is up, however often it was placed again', () => {
    const again = (nowMs: number) =>
      [
        [leg(bob, moved, nowMs), ['refresh-placement']],
        [placed(spread, nowMs), ['prepare bob@2']],
      ] as const;
    play([
      ...preparing,
      ...Array.from({ length: 20 }, (_, n) => again(10 + n)).flat(),
      [leg(bob, moved, 1_005), ['refresh-placement']],
      [placed(spread, 1_015), ['decide-abort@1 PARTICIPANT_UNAVAILABLE']],
    ]);
  });

  test('legs that have moved together wait for one look at the map', () => {
    play([
      ...preparing,
      [leg(bob, moved), ['refresh-placement']],
      [leg(cat, moved), []],
      [placed(placing(1, 1, 3, 2)), ['prepare bob@3', 'prepare cat@2']],
      [leg(cat, moved), ['refresh-placement']],
    ]);
  });

  test('a home that has moved when it is too late for a commit is asked for an abort; one that is not found is left in doubt', () => {
    play([
      ...deciding,
      [{ kind: 'deadline', nowMs: 9 }, []],
      [home(moved), ['decide-abort@1 DEADLINE_EXCEEDED']],
      [home(moved), ['refresh-placement']],
      [placed(placing(2, 2, 2, 3)), ['decide-abort@2 DEADLINE_EXCEEDED']],
      [home(moved, 2_000), ['answer unknown', 'ended']],
    ]);
  });

  test('a leg to be told is followed', () => {
    play([
      ...deciding,
      [home(decided(committedRow([bob, cat]))), ['answer committed', 'commit bob@2', 'commit cat@3']],
      [told(bob, moved), ['refresh-placement']],
      [placed(placing(1, 1, 3, 3)), ['commit bob@3']],
      [told(cat), []],
      [told(bob), ['acknowledge@1 [bob,cat]', 'journal-end', 'ended']],
    ]);
  });
});

describe('deadlines', () => {
  test.each<[string, readonly (readonly [TransactionEvent, readonly string[]])[]]>([
    ['while the entry is written', [[begin, ['journal-begin']]]],
    [
      'while it waits for a lock',
      [
        [begin, ['journal-begin']],
        [journaled('ann'), ['await locks ann']],
      ],
    ],
    ['while legs are prepared', preparing],
  ])('%s: the abort is recorded at home before it is answered', (_, upTo) => {
    play([...upTo, [deadline, ['decide-abort@1 DEADLINE_EXCEEDED']], [journaled(), []], [leg(bob, prepared), []]]);
  });

  test('while the home decides: only its reply can tell; when it is late the caller hears UNKNOWN, once', () => {
    play([...deciding, [deadline, []], [answerBy, ['answer unknown']], [home(decided(committedRow([bob, cat]))), ['commit bob@2', 'commit cat@3']]]);
  });

  test('a commit that was held up at home is not asked again after the deadline', () => {
    play([...deciding, [deadline, []], [home(locked), ['decide-abort@1 DEADLINE_EXCEEDED']]]);
    play([
      ...deciding,
      [home(locked), ['wake home in 10']],
      [deadline, ['decide-abort@1 DEADLINE_EXCEEDED']],
      [{ kind: 'woken', nowMs: 9, waiter: 'home' }, []],
    ]);
  });

  test('a home that never answers: UNKNOWN, and nothing is told', () => {
    play([...deciding, [home(lost), ['answer unknown', 'ended']], [answerBy, []]]);
  });
});

describe('a refused token', () => {
  const rejected: InstructionReply = { kind: 'unauthenticated', reason: 'expired' };

  test('before any promise: an error, nothing recorded', () => {
    play(
      [
        [begin, ['journal-begin']],
        [journaled(), ['decide-commit@1 []']],
        [home(rejected), ['answer rejected', 'journal-forget', 'ended']],
      ],
      globalTransaction(plan, placing(1, 1, 1, 1)),
    );
  });

  test('after one: resolved by the home, and the caller hears of the token', () => {
    play([
      ...preparing,
      [leg(bob, prepared), []],
      [leg(cat, rejected), ['resolve@1']],
      [home(decided(abortedRow('ABANDONED', [bob, cat]))), ['answer rejected', 'rollback bob@2', 'rollback cat@3']],
    ]);
  });

  test('unless it had been committed', () => {
    play([
      ...deciding,
      [home(rejected), ['resolve@1']],
      [home(decided(committedRow([bob, cat]), false)), ['answer committed', 'commit bob@2', 'commit cat@3']],
    ]);
  });

  test('NOT_AUTHORIZED from a bucket is the same: said of the body and the token alone', () => {
    play(
      [
        [begin, ['journal-begin']],
        [journaled(), ['decide-commit@1 []']],
        [home(outcome({ kind: 'refused', refusal: { name: 'NOT_AUTHORIZED', account: ann, facts: {} } })), ['answer rejected', 'journal-forget', 'ended']],
      ],
      globalTransaction(plan, placing(1, 1, 1, 1)),
    );
  });

  test.each([
    ['by its bucket', rejected],
    ['by the ledger', outcome({ kind: 'refused', refusal: { name: 'NOT_AUTHORIZED', account: null, facts: {} } })],
  ])('a RESOLVE that is refused too, %s, is not asked for ever: the legs are left to their leaders', (_by, again) => {
    play([...deciding, [home(rejected), ['resolve@1']], [home(again), ['answer rejected', 'ended']]]);
  });
});

test('an alarm in phase 2 is passed on and not acknowledged', () => {
  const alarm = outcome({ kind: 'alarm', alarm: { name: 'COMMIT_WITHOUT_PREPARE', txn: TXN, account: bob } });
  play([
    ...deciding,
    [home(decided(committedRow([bob, cat]))), ['answer committed', 'commit bob@2', 'commit cat@3']],
    [told(cat), []],
    [told(bob, alarm), ['alarm COMMIT_WITHOUT_PREPARE', 'acknowledge@1 [cat]', 'journal-end', 'ended']],
  ]);
});

test('taking over: RESOLVE, then the legs that the home has yet to tell', () => {
  const taken = resolveTransaction(plan, spread, 0);
  expect(taken.effects.map(words)).toEqual(['resolve@1']);
  play(
    [
      [home(decided(committedRow([cat]), false)), ['answer committed', 'commit cat@3']],
      [told(cat), ['acknowledge@1 [cat]', 'journal-end', 'ended']],
    ],
    taken.txn,
  );
});

test('repeated and late events change nothing', () => {
  const done = play([
    ...deciding,
    [home(decided(committedRow([bob, cat]))), ['answer committed', 'commit bob@2', 'commit cat@3']],
    [told(bob), []],
    [told(cat), ['acknowledge@1 [bob,cat]', 'journal-end', 'ended']],
  ]);
  for (const event of [begin, journaled(), leg(bob, prepared), home(decided(abortedRow('CANCELLED'))), told(bob), deadline, answerBy] as const) {
    const next = advance(done, event);
    expect({ effects: next.effects, same: next.txn === done }).toEqual({ effects: [], same: true });
  }
});

test('exclusive locks that the caller holds himself do not make him wait', () => {
  const own = globalTransaction({ ...plan, lockTokens: [{ account: ann, token: 4 }] }, spread);
  play(
    [
      [begin, ['journal-begin']],
      [journaled('ann'), ['prepare bob@2', 'prepare cat@3']],
    ],
    own,
  );
});
