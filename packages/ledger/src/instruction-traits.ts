/**
 * All that is true of one kind of instruction, and of none of the others: what applies it, which rows it touches, who may send it, what
 * makes it impossible. Whoever adds a kind adds a row here; the compiler asks for it. How it travels is in `rpc`'s instruction-messages.ts.
 */
import type { AccountNumber, PaymentKey, Slot, TxnId } from '@mas/values';
import { changeAccount, createAccount } from './accounts';
import { adoptSlots, beginImport, declineImport, importRows } from './adopt-slots';
import type { Applying } from './applying';
import { bindId, decideAbort, decideCommit, resolve } from './decide';
import { acknowledge, expire, genesis, setPolicy } from './housekeeping';
import type { Instruction, InstructionKind } from './instruction';
import * as problems from './instruction-problem';
import { acquireLock, breakLock, refreshLock, releaseLock } from './locks';
import { moveProblem, rowCount } from './of-move';
import type { Outcome } from './outcome';
import type { PaymentBody } from './payment-body';
import { commit, prepare, rollback } from './phases';
import { confirmRelease, reclaimSlots, releaseSlots } from './release-slots';
import { changeBody, creationBody } from './request-body';
import { decisionTouches, legsTouch, legTouches, NOTHING_TOUCHED, outcomesTouch, prepareTouches, type LedgerKnowledge, type RowsTouched } from './rows-touched';
import { LOCK_HOLDERS_SINCE, MANY_TOLD_SINCE, SLOTS_MOVE_SINCE } from './semantics';
import { brokenLockProblem, lockTextProblem, ownerProblem } from './text-limits';
import { acknowledgeMany, commitMany } from './told-together';

/**
 * Whose word is enough. `caller`: a token, and an id of its scope. `operator`: that, and an operator's. `canceller`: as a caller where the token is still good, else
 * in the name of the id's scope. `resolver`: nobody, in the system's name, or an operator. `anybody`: a node of the cluster; the second phase tells what is decided,
 * and a lock's handle is its owner's secret. `resource-manager`: the leader of another bucket. `own-bucket`: no one else.
 */
export type Sender = 'caller' | 'operator' | 'canceller' | 'resolver' | 'anybody' | 'resource-manager' | 'own-bucket';

/** What has to fit together before it may be proposed. */
export interface Identity {
  readonly key: PaymentKey;
  /** Must be the key's home, or the account's slot; null: the key's home is another bucket's affair. */
  readonly home: { readonly slot: Slot } | { readonly account: AccountNumber } | null;
  /** Must be the hash of key and body; null: it names a txn that is hashed elsewhere. */
  readonly hashed: { readonly txn: TxnId; readonly body: PaymentBody; readonly isSealed: boolean } | null;
}

export interface InstructionTraits<One extends Instruction> {
  readonly apply: (applying: Applying, instruction: One) => Outcome;
  readonly sender: Sender;
  readonly identity?: (instruction: One) => Identity;
  /** Default: no paged row. */
  readonly touches?: (instruction: One, known: LedgerKnowledge) => RowsTouched;
  /** Which rows it touches depends on legs that may be prepared while it waits: they are named again before it is proposed. */
  readonly followsLegs?: true;
  /** A sentence, or null. Leaders and apply ask. */
  readonly problem?: (instruction: One) => string | null;
  /** A name for what is wrong with the instruction's texts or the accounts it names, or null. Leaders only ask: a log may hold what one of an earlier build let through. */
  readonly unsendable?: (instruction: One) => string | null;
  /** How many instructions it counts for, wherever instructions are counted to bound work or memory. Default 1. */
  readonly count?: (instruction: One) => number;
  /** Behind what its moments have to lie (docs/adr/0021); one for each member where it names many. Default: nothing, once. */
  readonly liesBehind?: (instruction: One) => readonly number[];
  /** Which rows later instructions touch depends on it: it is alone in its entry. */
  readonly changesOwnership?: true;
  /** The bucket's semantics version from which on it can be applied. Default: any. */
  readonly since?: (instruction: One) => number;
}

type Of<Kind extends InstructionKind> = Extract<Instruction, { readonly kind: Kind }>;

const NO_BOUND: readonly number[] = [0];
const ofMove = { since: () => SLOTS_MOVE_SINCE, problem: moveProblem };
const ofPayment = (instruction: Of<'prepare' | 'decide-commit' | 'decide-abort' | 'resolve' | 'bind-id'>): Identity => {
  const { key, homeSlot, txn, body } = instruction;
  return { key, home: { slot: homeSlot }, hashed: { txn, body, isSealed: true } };
};

const TRAITS: { readonly [Kind in InstructionKind]: InstructionTraits<Of<Kind>> } = {
  genesis: { apply: genesis, sender: 'own-bucket', problem: problems.genesisProblem, unsendable: problems.unknownSemantics, changesOwnership: true },
  'set-policy': { apply: setPolicy, sender: 'operator', problem: problems.setPolicyProblem, unsendable: problems.unknownSemantics },
  'create-account': {
    apply: createAccount,
    sender: 'caller',
    identity: (one) => ({ key: one.key, home: null, hashed: { txn: one.txn, body: creationBody(one), isSealed: false } }),
    touches: ({ number }) => ({ accounts: [number], legs: [], outcomes: [] }),
    problem: problems.creationProblem,
    unsendable: ownerProblem,
  },
  'change-account': {
    apply: changeAccount,
    sender: 'caller',
    // Recorded in the account's slot, and looked for in its key's home.
    identity: ({ key, txn, number, change }) => ({ key, home: { account: number }, hashed: { txn, body: changeBody(number, change), isSealed: false } }),
    touches: ({ number, key }) => ({ accounts: [number], legs: [], outcomes: [key] }),
    problem: problems.changeProblem,
  },
  'bind-id': { apply: bindId, sender: 'operator', identity: ofPayment, touches: ({ key }) => outcomesTouch([key]), problem: problems.bindingProblem },
  prepare: { apply: prepare, sender: 'caller', identity: ofPayment, touches: prepareTouches, problem: problems.prepareProblem },
  'decide-commit': {
    apply: decideCommit,
    sender: 'caller',
    identity: ofPayment,
    touches: decisionTouches,
    problem: problems.decisionProblem,
    unsendable: problems.unknownLeg,
    liesBehind: ({ notBeforeUs }) => (notBeforeUs === null ? NO_BOUND : [notBeforeUs + 1]),
  },
  'decide-abort': { apply: decideAbort, sender: 'canceller', identity: ofPayment, touches: decisionTouches, problem: problems.bodyProblem },
  resolve: { apply: resolve, sender: 'resolver', identity: ofPayment, touches: decisionTouches, problem: problems.bodyProblem },
  commit: {
    apply: commit,
    sender: 'anybody',
    touches: ({ account, txn }, known) => legTouches(account, txn, known),
    followsLegs: true,
    problem: ({ commitUs }) => problems.momentProblem(commitUs),
    liesBehind: ({ commitUs }) => (commitUs === null ? NO_BOUND : [commitUs]),
  },
  'commit-many': {
    apply: commitMany,
    sender: 'anybody',
    touches: legsTouch,
    followsLegs: true,
    problem: problems.commitManyProblem,
    count: ({ legs }) => legs.length,
    liesBehind: ({ legs }) => legs.map(({ commitUs }) => commitUs ?? 0),
    since: () => MANY_TOLD_SINCE,
  },
  rollback: {
    apply: rollback,
    sender: 'anybody',
    identity: ({ key, homeSlot }) => ({ key, home: { slot: homeSlot }, hashed: null }),
    touches: ({ account, txn }, known) => legTouches(account, txn, known),
    followsLegs: true,
    problem: problems.rollbackProblem,
  },
  acknowledge: { apply: acknowledge, sender: 'anybody', touches: ({ key }) => outcomesTouch([key]), problem: problems.acknowledgeProblem },
  'acknowledge-many': {
    apply: acknowledgeMany,
    sender: 'anybody',
    touches: ({ told }) => outcomesTouch(told.map(({ key }) => key)),
    problem: problems.acknowledgeManyProblem,
    count: ({ told }) => told.length,
    liesBehind: ({ told }) => told.map(() => 0),
    since: () => MANY_TOLD_SINCE,
  },
  expire: { apply: expire, sender: 'own-bucket', touches: ({ account, txn }, known) => legTouches(account, txn, known), followsLegs: true },
  'acquire-lock': {
    apply: acquireLock,
    sender: 'caller',
    problem: problems.lockTimeProblem,
    unsendable: lockTextProblem,
    since: ({ mode }) => (mode === 'shared' ? LOCK_HOLDERS_SINCE : 0),
  },
  'refresh-lock': { apply: refreshLock, sender: 'anybody', problem: problems.lockTimeProblem, unsendable: lockTextProblem },
  'release-lock': { apply: releaseLock, sender: 'anybody', unsendable: lockTextProblem },
  'break-lock': { apply: breakLock, sender: 'operator', unsendable: brokenLockProblem, since: () => LOCK_HOLDERS_SINCE },
  'begin-import': { ...ofMove, apply: beginImport, sender: 'resource-manager' },
  'import-rows': {
    ...ofMove,
    apply: importRows,
    sender: 'resource-manager',
    touches: ({ rows: { accounts, legs, outcomes } }) => ({
      accounts: accounts.map(({ number }) => number),
      legs: legs.map(({ account, txn }) => ({ account, txn })),
      outcomes: outcomes.map(({ key }) => key),
    }),
    count: ({ rows }) => rowCount(rows),
  },
  'adopt-slots': {
    ...ofMove,
    apply: adoptSlots,
    sender: 'resource-manager',
    liesBehind: ({ handover }) => [handover.momentUs + 1],
    changesOwnership: true,
  },
  'decline-import': { ...ofMove, apply: declineImport, sender: 'resource-manager' },
  'release-slots': { ...ofMove, apply: releaseSlots, sender: 'own-bucket', changesOwnership: true },
  'reclaim-slots': { ...ofMove, apply: reclaimSlots, sender: 'own-bucket', changesOwnership: true },
  'confirm-release': { ...ofMove, apply: confirmRelease, sender: 'own-bucket' },
};

export function traitsOf<One extends Instruction>(instruction: One): InstructionTraits<One> {
  // The row of its kind is the row for it: TypeScript cannot say so of a union.
  return TRAITS[instruction.kind] as unknown as InstructionTraits<One>;
}

/**
 * Which paged rows it may read or write. The host loads and pins them before it proposes the instruction and before it applies one that
 * another leader proposed; apply reads no other row (property-tested). Locks, prepared legs and open authorizations are always in memory
 * and are listed all the same: the host may leave out what `Ledger.pinnedLeg` already has.
 *
 * Holds for the ledger's state at the time of the call: ownership of slots, and the prepared legs that COMMIT and
 * ROLLBACK name without saying what these refer to. So a host asks when it proposes and again before it applies.
 * Rows that an earlier instruction of the same entry touches are known from that instruction.
 */
export function rowsTouched(instruction: Instruction, known: LedgerKnowledge): RowsTouched {
  return traitsOf(instruction).touches?.(instruction, known) ?? NOTHING_TOUCHED;
}

/**
 * What makes it impossible in itself: a sentence, or null. A leader asks before it proposes and answers the sender with an error; apply
 * asks again, and there it is a broken invariant: an entry that no leader of ours can have proposed.
 */
export function instructionProblem(instruction: Instruction): string | null {
  return traitsOf(instruction).problem?.(instruction) ?? null;
}

export function memberCount(instruction: Instruction): number {
  return traitsOf(instruction).count?.(instruction) ?? 1;
}

export function liesBehind(instruction: Instruction): readonly number[] {
  return traitsOf(instruction).liesBehind?.(instruction) ?? NO_BOUND;
}

export function changesOwnership(instruction: Instruction): boolean {
  return traitsOf(instruction).changesOwnership === true;
}

/** The semantics version of a bucket from which on it can be applied there; 0: any. */
export function knownSince(instruction: Instruction): number {
  return traitsOf(instruction).since?.(instruction) ?? 0;
}
