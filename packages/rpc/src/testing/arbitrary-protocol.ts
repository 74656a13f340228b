/** Generators of participant requests and replies, raft messages and placement maps. Test support only. */
import * as fc from 'fast-check';
import { AILMENTS, WELL, type ClockSignal, type Condition } from '@mas/health';
import { clusterId, incarnation, ordinal, raftIdOf, runOf } from '@mas/membership';
import { addedSums, MOMENT_PARTS, NO_MOVES, type MomentLeg, type MomentReport } from '@mas/ledger';
import type { GroupMessage, PeerBatch } from '@mas/multi-raft';
import type { ClusterRecord, NodeOrder, PlacementMap, PlanStep } from '@mas/placement';
import { NO_DATA, type Entry, type PeerMessage } from '@mas/raft';
import type {
  AccountReading,
  ItemOutcome,
  ItemReply,
  ParticipantReply,
  ParticipantRequest,
  ReplicaChecksum,
  ReplicaStatus,
  UndecidedTransaction,
} from '@mas/two-phase-commit';
import { rmId, slot } from '@mas/values';
import type { Envelope } from '../codec/participant-request-messages';
import {
  account,
  accountRow,
  amount,
  anySlot,
  anyText,
  bucket,
  confState,
  currencyCode,
  instruction,
  key,
  legRow,
  lockRow,
  moveStage,
  orNull,
  outcomeRow,
  refusal,
  safeUint,
  slotMoves,
  slotRanges,
  totals,
  txn,
} from './arbitrary-ledger';

const rm = fc.integer({ min: 1, max: 65535 }).map(rmId);
const member = fc.record({ rm, ordinal: fc.nat(65_535).map(ordinal) });
const hexId = fc.array(fc.nat(15), { minLength: 32, maxLength: 32 }).map((digits) => digits.map((digit) => digit.toString(16)).join(''));
const kind = <Kind extends string>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);

const holdings = fc.record({ slots: slotRanges, moves: fc.oneof(fc.constant(NO_MOVES), slotMoves) });

const roster = fc.record({
  expected: fc.array(fc.record({ rm, address: anyText }), { maxLength: 2 }),
  draining: fc.array(rm, { maxLength: 2 }),
  removed: fc.array(rm, { maxLength: 2 }),
  meta: fc.array(rm, { maxLength: 3 }),
  replicas: fc.nat(9),
  isBalancing: fc.boolean(),
});

const slotsMove = fc
  .record({ number: safeUint, from: anySlot, more: fc.nat(255), giver: bucket, taker: bucket, calledOff: fc.boolean() })
  .map(({ number, from, more, giver, taker, calledOff }) => ({
    number,
    slots: { from, to: slot(Math.min(from + more, 4095)) },
    from: giver,
    to: taker,
    calledOff,
  }));
const slotRange = fc.tuple(anySlot, anySlot).map(([one, other]) => ({ from: one < other ? one : other, to: one < other ? other : one }));
const slotsStep = fc.record({ slots: slotRange, from: bucket, to: bucket });
const wishes = fc.record({
  isPaused: fc.boolean(),
  isBalancing: fc.boolean(),
  retiring: fc.array(bucket, { maxLength: 2 }),
  wanted: fc.array(slotsStep, { maxLength: 2 }),
});
const laterBuckets = fc.record({ lastId: bucket, founding: fc.array(fc.record({ bucket, founder: member }), { maxLength: 2 }) });

export const placementMap: fc.Arbitrary<PlacementMap> = fc.record({
  version: safeUint,
  resourceManagers: fc.array(fc.record({ rm, address: anyText }), { maxLength: 3 }),
  cluster: orNull(
    fc
      .record({
        clusterId: hexId.map(clusterId),
        nodes: fc.array(fc.record({ rm, incarnation: hexId.map(incarnation), ordinal: fc.nat(0xffff).map(ordinal), isLost: fc.boolean() }), { maxLength: 3 }),
        txnVersion: fc.constantFrom(1 as const, 2 as const),
        roster: orNull(roster),
        moves: orNull(fc.array(slotsMove, { minLength: 1, maxLength: 3 })),
        laterBuckets: orNull(laterBuckets),
        wishes: orNull(wishes),
      })
      .map(
        ({ roster: one, moves, laterBuckets: later, wishes: wanted, ...known }): ClusterRecord => ({
          ...known,
          ...(one === null ? {} : { roster: one }),
          ...(moves === null ? {} : { moves }),
          ...(later === null ? {} : { laterBuckets: later }),
          ...(wanted === null ? {} : { wishes: wanted }),
        }),
      ),
  ),
  buckets: fc.array(
    fc.record({
      bucket,
      slots: fc.array(
        anySlot.map((from) => ({ from, to: slot(4095) })),
        { maxLength: 2 },
      ),
      replicas: fc.array(rm, { maxLength: 3 }),
    }),
    { maxLength: 3 },
  ),
});

const nodeOrder: fc.Arbitrary<NodeOrder> = fc.oneof(
  fc.record({ kind: kind('add'), rm, address: anyText }),
  fc.record({ kind: kind('drain'), rm, isDraining: fc.boolean() }),
  fc.record({ kind: kind('remove'), rm, isDead: fc.boolean() }),
  fc.record({ kind: kind('move'), bucket, from: rm, to: rm }),
  fc.record({ kind: kind('rebalance'), replicas: orNull(fc.nat(9)), ofSlots: fc.boolean(), isDryRun: fc.boolean() }),
  fc.record({ kind: kind('stop-rebalance') }),
  fc.record({ kind: kind('add-bucket'), bucket, replicas: fc.array(rm, { maxLength: 3 }), isDryRun: fc.boolean() }),
  fc.tuple(slotsStep, fc.boolean()).map(([step, isDryRun]) => ({ kind: 'move-slots' as const, ...step, isDryRun })),
  fc.record({ kind: kind('retire-bucket'), bucket, isDryRun: fc.boolean() }),
  fc.record({ kind: kind('pause-moves'), isPaused: fc.boolean() }),
  fc.record({ kind: kind('cancel-moves') }),
);
const planStep: fc.Arbitrary<PlanStep> = fc.record({
  bucket,
  remove: orNull(rm),
  add: orNull(rm),
  why: fc.constantFrom('drain' as const, 'fill' as const, 'surplus' as const, 'balance' as const, 'away' as const),
});
const done = fc.record({ kind: kind('done') });
const wrongBucket = fc.record({ kind: kind('wrong-bucket'), slot: anySlot, epoch: safeUint });
const alarm = fc.record({
  kind: kind('alarm'),
  alarm: fc.record({
    name: fc.constantFrom(
      'COMMIT_WITHOUT_PREPARE' as const,
      'COMMIT_OF_ABORTED_LEG' as const,
      'ROLLBACK_OF_COMMITTED_LEG' as const,
      'UNKNOWN_OUTCOME_ACKNOWLEDGED' as const,
      'COMMIT_NOT_BEHIND_PREPARE' as const,
      'COMMIT_TIMES_DIFFER' as const,
    ),
    txn,
    account,
  }),
});
export const outcome: fc.Arbitrary<ItemOutcome> = fc.oneof(
  fc.record({ kind: kind('prepared'), leg: fc.record({ preparedUs: orNull(safeUint) }) }),
  fc.record({ kind: kind('leg-ended'), leg: legRow.map(({ state, reason }) => ({ state, reason })) }),
  fc.record({ kind: kind('decided'), outcome: outcomeRow.map(({ decision, balances, untold }) => ({ decision, balances, untold })), fresh: fc.boolean() }),
  fc.record({ kind: kind('conflict'), bound: outcomeRow }),
  fc.record({ kind: kind('refused'), refusal }),
  fc.record({ kind: kind('locked'), lock: lockRow }),
  fc.record({ kind: kind('wait'), undecided: fc.array(fc.record({ txn, key, homeSlot: anySlot, account }), { maxLength: 3 }) }),
  wrongBucket,
  fc.record({ kind: kind('account'), account: accountRow, fresh: fc.boolean() }),
  fc.record({ kind: kind('lock'), lock: lockRow, preparedLegs: safeUint }),
  fc.record({ kind: kind('lock-released'), lockId: anyText }),
  done,
  fc.record({ kind: kind('move'), move: safeUint, stage: moveStage }),
  fc.record({ kind: kind('each'), outcomes: fc.array(fc.oneof(done, alarm, wrongBucket), { maxLength: 4 }) }),
  alarm,
);

const cursor = fc.record({ slot: anySlot, number: account });
export const request: fc.Arbitrary<ParticipantRequest> = fc.oneof(
  fc.record({
    kind: kind('instructions'),
    bucket,
    phase: fc.constantFrom('phase-1' as const, 'phase-2-commit' as const, 'phase-2-rollback' as const),
    items: fc.array(
      fc.record(
        { instruction, token: orNull(fc.oneof(anyText, fc.constantFrom('mine', 'yours'))), traceparent: fc.constantFrom('00-1-2-01', '00-3-4-01') },
        { requiredKeys: ['instruction', 'token'] },
      ),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    kind: kind('query'),
    bucket,
    keys: fc.array(fc.record({ key, homeSlot: anySlot }), { maxLength: 3 }),
    closedAtUs: orNull(safeUint),
    isPast: fc.boolean(),
    decisionsOnly: fc.boolean(),
  }),
  fc.record({
    kind: kind('read-accounts'),
    bucket,
    level: fc.constantFrom('committed' as const, 'uncommitted' as const),
    numbers: fc.array(account, { maxLength: 3 }),
    token: orNull(anyText),
    at: fc.oneof(
      fc.constant('now' as const),
      fc.record({ choose: slotRanges }),
      fc.record({ ofHomes: fc.array(anySlot, { minLength: 1, maxLength: 3 }) }),
      safeUint,
    ),
  }),
  fc.record({
    kind: kind('list-legs'),
    bucket,
    query: fc.record({
      account,
      direction: fc.constantFrom('newest-first' as const, 'oldest-first' as const),
      cursorSeq: orNull(safeUint),
      limit: fc.nat(500),
      state: orNull(fc.constantFrom('prepared' as const, 'committed' as const, 'aborted' as const)),
      fromMs: orNull(safeUint),
      untilMs: orNull(safeUint),
    }),
    token: orNull(anyText),
    sinceUs: orNull(safeUint),
  }),
  fc.record({ kind: kind('leg'), bucket, account, txn, token: orNull(anyText) }),
  fc.record({ kind: kind('list-accounts'), bucket, after: orNull(cursor), limit: fc.nat(500), slots: orNull(slotRange) }),
  fc.record({ kind: kind('totals'), bucket, atUs: orNull(safeUint) }),
  fc.record({ kind: fc.constant('undecided' as const), bucket }),
  fc.record({ kind: fc.constant('locks' as const), bucket, lockId: orNull(anyText) }),
  fc.record({ kind: fc.constant('locks' as const), bucket, lockId: fc.option(anyText, { nil: null }) }),
  fc.record({ kind: kind('checksum'), bucket, atUs: orNull(safeUint) }),
  fc.record({
    kind: kind('audit'),
    bucket,
    id: anyText,
    momentUs: safeUint,
    timesSinceUs: safeUint,
    barrierUs: safeUint,
    from: orNull(fc.record({ us: safeUint, laterMs: safeUint })),
    parts: fc.array(fc.nat(MOMENT_PARTS - 1), { maxLength: 3 }),
    slots: orNull(slotRanges),
    isEnding: fc.boolean(),
  }),
  fc.record({
    kind: kind('backup'),
    bucket,
    id: anyText,
    cutUs: safeUint,
    step: fc.constantFrom('announce' as const, 'read' as const, 'end' as const),
    offset: safeUint,
  }),
  fc.record({ kind: fc.constantFrom('placement' as const, 'status' as const) }),
  fc.record({ kind: kind('replace-node'), rm, ordinal: orNull(fc.nat(0xffff)), token: anyText }),
  fc.record({ kind: kind('who-leads'), bucket }),
  fc.record({ kind: kind('members'), bucket }),
  fc.record({ kind: kind('take-in'), rm, incarnation: hexId.map(incarnation) }),
  fc.record({ kind: kind('end-move'), move: safeUint, isAdopted: fc.boolean() }),
  fc.record({ kind: kind('node-order'), order: nodeOrder, token: anyText }),
);
export const envelope: fc.Arbitrary<Envelope> = fc.record({
  request,
  passage: orNull(
    fc.oneof(fc.record({ kind: kind('relay'), forMs: safeUint }), fc.record({ kind: kind('relayed'), caller: fc.constantFrom('tm' as const, 'rm' as const) })),
  ),
});

export const reading: fc.Arbitrary<AccountReading> = fc.record({
  number: account,
  currency: currencyCode,
  status: fc.constantFrom('open' as const, 'frozen' as const, 'closed' as const),
  owner: anyText,
  balanceMinor: amount,
  minimumMinor: amount,
  holdsMinor: amount,
  pendingCreditsMinor: amount,
  rev: safeUint,
  createdAtMs: safeUint,
  preparedTxns: fc.array(txn, { maxLength: 2 }),
});
const milliseconds = orNull(fc.double({ noNaN: true }));
export const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant(WELL),
  fc.record({ kind: fc.constantFrom('doubtful' as const, 'ailing' as const), of: fc.subarray([...AILMENTS], { minLength: 1 }) }),
);
/** Whole microseconds, as on the wire. */
const clockMs = fc.integer({ min: 0, max: 4e15 }).map((us) => us / 1_000);
export const clockSignal: fc.Arbitrary<ClockSignal> = fc.record({
  wallMs: clockMs,
  sentMs: clockMs,
  echo: orNull(fc.record({ sentMs: clockMs, heldMs: clockMs })),
  agreedMs: orNull(clockMs),
});
export const replicaStatus: fc.Arbitrary<ReplicaStatus> = fc.record({
  bucket,
  rm,
  role: fc.constantFrom('leader' as const, 'follower' as const, 'candidate' as const, 'pre-candidate' as const, 'learner' as const, 'stopped' as const),
  leader: orNull(rm),
  term: safeUint,
  commitIndex: safeUint,
  appliedIndex: safeUint,
  durableIndex: safeUint,
  voters: fc.array(member, { maxLength: 3 }),
  learners: fc.array(member, { maxLength: 2 }),
  quiescent: fc.boolean(),
  fsyncP50Ms: milliseconds,
  applyP50Ms: milliseconds,
  queuedProposals: safeUint,
  preparedLegs: safeUint,
  knownSemantics: safeUint,
  accounts: safeUint,
  rows: safeUint,
  moves: fc.array(
    fc.record({
      move: safeUint,
      slots: slotRange,
      to: bucket,
      stage: fc.constantFrom('waiting' as const, 'copying' as const, 'catching-up' as const, 'released' as const),
      attempts: safeUint,
      rowsSent: safeUint,
      rowsCopied: orNull(safeUint),
      elapsedMs: safeUint,
      blockedMs: orNull(safeUint),
      stalled: orNull(fc.record({ forMs: safeUint, why: anyText })),
    }),
    { maxLength: 2 },
  ),
  stopped: orNull(
    fc.record({
      stage: fc.constantFrom('apply' as const, 'load' as const, 'checkpoint' as const, 'start' as const),
      index: safeUint,
      term: safeUint,
      upToIndex: safeUint,
      instructions: fc.array(anyText, { maxLength: 3 }),
      reason: anyText,
    }),
  ),
});
export const checksum: fc.Arbitrary<ReplicaChecksum> = fc.record({
  bucket,
  rm,
  appliedIndex: safeUint,
  sha256: anyText,
  differences: fc.array(anyText, { maxLength: 2 }),
  accounts: safeUint,
  legs: safeUint,
});
const momentLeg: fc.Arbitrary<MomentLeg> = fc.record({
  txn,
  account,
  effect: fc.constantFrom('debit' as const, 'credit' as const, 'refund-debit' as const),
  amountMinor: amount,
  commitUs: orNull(safeUint),
});
const legSums = fc.nat(255).map((byte) => Buffer.alloc(addedSums([]).length, byte));
const momentReport: fc.Arbitrary<MomentReport> = fc.record({
  momentUs: safeUint,
  fromUs: safeUint,
  laterMs: safeUint,
  moved: totals,
  accounts: safeUint,
  legs: safeUint,
  decidedLegs: safeUint,
  issued: totals,
  balances: totals,
  accountSum: anyText,
  legSums,
  decidedSums: legSums,
  listing: orNull(fc.record({ legs: fc.array(momentLeg, { maxLength: 2 }), decided: fc.array(momentLeg, { maxLength: 2 }), isCut: fc.boolean() })),
});
export const undecidedTransaction: fc.Arbitrary<UndecidedTransaction> = fc.record({ txn, key, homeSlot: anySlot, leg: legRow, ageMs: safeUint });
const itemReply: fc.Arbitrary<ItemReply> = fc.oneof(
  fc.record({ kind: kind('outcome'), outcome }),
  fc.record({ kind: fc.constantFrom('unauthenticated' as const, 'permission-denied' as const), reason: anyText }),
);
const missingQuorum = fc.record({ up: fc.nat(9), of: fc.nat(9), needed: fc.nat(9), forMs: safeUint });
export const reply: fc.Arbitrary<ParticipantReply> = fc.oneof(
  fc.record({ kind: kind('wrong-bucket'), slot: anySlot }),
  fc.record({ kind: kind('outcomes'), outcomes: fc.array(itemReply, { maxLength: 4 }), semanticsVersion: orNull(safeUint) }),
  fc.record({ kind: kind('queried'), outcomes: fc.array(orNull(outcomeRow), { maxLength: 3 }) }),
  fc.record({
    kind: kind('decisions'),
    decisions: fc.array(orNull(outcomeRow.map(({ txn: recorded, decision }) => ({ txn: recorded, decision }))), { maxLength: 3 }),
  }),
  fc.record({ kind: kind('accounts'), readings: fc.array(orNull(reading), { maxLength: 3 }), momentUs: orNull(safeUint), asStored: fc.boolean() }),
  fc.record({ kind: kind('no-moment'), why: fc.constantFrom('before' as const, 'forgotten' as const, 'ahead' as const), sinceUs: safeUint }),
  fc.record({ kind: kind('legs'), legs: fc.array(legRow, { maxLength: 3 }), nextCursorSeq: orNull(safeUint) }),
  fc.record({ kind: kind('leg'), leg: orNull(legRow) }),
  fc.record({ kind: kind('account-list'), accounts: fc.array(reading, { maxLength: 3 }), next: orNull(cursor) }),
  fc.record({
    kind: kind('totals'),
    totals: fc.record({
      bucket,
      momentUs: orNull(safeUint),
      accountCount: safeUint,
      issued: totals,
      balances: totals,
      undecidedLegs: safeUint,
      momentsSinceUs: safeUint,
      holdings: orNull(holdings),
    }),
  }),
  fc.record({ kind: kind('undecided'), transactions: fc.array(undecidedTransaction, { maxLength: 2 }) }),
  fc.record({ kind: kind('locks'), locks: fc.array(lockRow, { maxLength: 2 }), stampMs: safeUint }),
  fc.record({ kind: kind('checksum'), checksum }),
  fc.record({
    kind: kind('audit'),
    rows: safeUint,
    permille: fc.nat(1000),
    findings: orNull(fc.record({ checksum, moment: orNull(momentReport), lacking: slotRanges })),
  }),
  fc.record({
    kind: kind('backup'),
    stage: fc.constantFrom('announced' as const, 'reading' as const, 'ready' as const, 'missed' as const, 'ended' as const),
    rows: safeUint,
    bytes: safeUint,
    piece: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    reason: anyText,
    holdings: orNull(holdings),
  }),
  fc.record({ kind: kind('placement'), map: orNull(placementMap), agreedMs: orNull(clockMs) }),
  fc.record({
    kind: kind('members'),
    term: safeUint,
    voters: fc.array(member, { maxLength: 3 }),
    learners: fc.array(member, { maxLength: 2 }),
    map: orNull(placementMap),
  }),
  fc.record({ kind: kind('order-refused'), name: anyText, message: anyText }),
  fc.record({
    kind: kind('ordered'),
    map: placementMap,
    steps: fc.array(planStep, { maxLength: 3 }),
    slots: fc.array(slotsStep, { maxLength: 3 }),
    estimate: orNull(fc.record({ accounts: safeUint, rows: safeUint, tookMs: safeUint })),
  }),
  fc.record({ kind: kind('status'), replicas: fc.array(replicaStatus, { maxLength: 2 }), condition: orNull(condition), certificatesEndMs: orNull(fc.nat()) }),
  fc.record({ kind: kind('not-leader'), leader: orNull(rm) }),
  fc.record({ kind: kind('no-store'), rm }),
  fc.record({ kind: kind('no-quorum'), missing: missingQuorum }),
  fc.record({ kind: kind('home-without-quorum'), home: bucket, missing: missingQuorum }),
  fc.record({ kind: kind('leadership'), leader: orNull(rm), term: safeUint, heardAgoMs: orNull(safeUint) }),
  fc.record({ kind: fc.constantFrom('unavailable' as const, 'unknown' as const, 'permission-denied' as const), reason: anyText }),
  fc.record({ kind: kind('no-replica') }),
);

const data = fc.oneof(
  fc.constant(NO_DATA),
  fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
);
const entryType = fc.constantFrom('normal' as const, 'conf-change' as const, 'conf-change-v2' as const);
const raftId = member.map(raftIdOf);
const routed = { from: raftId, to: raftId };
const termed = { ...routed, term: safeUint };
const append = fc
  .record({
    kind: kind('append'),
    ...termed,
    prevIndex: fc.nat(),
    prevTerm: safeUint,
    commit: safeUint,
    entries: fc.array(fc.record({ term: safeUint, type: entryType, data }), { maxLength: 4 }),
  })
  .map((message) => ({ ...message, entries: message.entries.map((entry, at) => ({ ...entry, index: message.prevIndex + 1 + at }) as unknown as Entry) }));
/** Ids, terms and indexes are branded numbers; the generators make plain ones. */
export const peerMessage = fc.oneof(
  append,
  fc.record({ kind: kind('append-accepted'), ...termed, index: safeUint }),
  fc.record({ kind: kind('append-rejected'), ...termed, index: safeUint, hintIndex: safeUint, hintTerm: safeUint }),
  fc.record({ kind: fc.constantFrom('vote' as const, 'pre-vote' as const), ...termed, lastIndex: safeUint, lastTerm: safeUint, transfer: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('vote-response' as const, 'pre-vote-response' as const), ...termed, granted: fc.boolean() }),
  fc.record({ kind: kind('heartbeat'), ...termed, commit: safeUint, readSequence: safeUint }),
  fc.record({ kind: kind('heartbeat-response'), ...termed, readSequence: safeUint }),
  fc.record({ kind: kind('snapshot'), ...termed, snapshot: fc.record({ metadata: fc.record({ index: safeUint, term: safeUint, confState }), data }) }),
  fc.record({ kind: kind('timeout-now'), ...termed }),
  fc.record({ kind: kind('transfer-leader'), ...termed, transferee: routed.to }),
  fc.record({ kind: kind('propose'), ...routed, entries: fc.array(fc.record({ type: entryType, data }), { maxLength: 3 }) }),
  fc.record({ kind: kind('read-index'), ...routed, context: data }),
  fc.record({ kind: kind('read-index-response'), ...termed, index: safeUint, context: data }),
) as unknown as fc.Arbitrary<PeerMessage>;
export const groupMessage: fc.Arbitrary<GroupMessage> = fc.record({ group: bucket, message: peerMessage });
const heartbeat = fc.record({ group: bucket, term: safeUint, commit: safeUint, readSequence: safeUint, quiesce: fc.boolean() });
const run = fc.bigInt(0n, (1n << 80n) - 1n).map((number) => runOf(number.toString(16).padStart(20, '0')));
export const peerBatch: fc.Arbitrary<PeerBatch> = fc.record({
  messages: fc.array(groupMessage, { maxLength: 4 }),
  heartbeats: fc.array(heartbeat, { maxLength: 3 }),
  heartbeatResponses: fc.array(heartbeat, { maxLength: 3 }),
  positions: fc.array(
    fc.tuple(member, safeUint, run).map(([of, position, named]) => ({ ...of, position, run: named })),
    { maxLength: 3 },
  ),
  condition: orNull(condition),
  clock: orNull(clockSignal),
  givenUp: fc.array(fc.record({ group: bucket, term: safeUint }), { maxLength: 2 }),
});
