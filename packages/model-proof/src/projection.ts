/** What production's state, instructions and outcomes are in the model. Nothing that the model has is left out; what it leaves out, docs/model says. */
import type { Instruction, LegRow, MemoryRows, Outcome, OutcomeRow } from '@mas/ledger';
import type { GlobalPhase, GlobalTransaction, LocalTransaction, TransactionAnswer, Verdict } from '@mas/two-phase-commit';
import { invariant, InvariantViolation, unreachable, type AccountNumber, type TxnId } from '@mas/values';
import { bucketOfAccount, bucketOfSlot, idOf, nameOf, paymentOf } from './model-payments';
import { mapOf, setOf, tupleOf, variant, type ModelValue } from './model-value';

const LEG_STATES = { prepared: 'Prepared', committed: 'Committed', aborted: 'Aborted' } as const;

const LOCAL_STATES = {
  'at-home': 'AtHome',
  idle: 'Idle',
  preparing: 'Asked',
  'held-up': 'HeldUp',
  prepared: 'HasPromised',
  failed: 'Failed',
  telling: 'BeingTold',
  told: 'Told',
  'left-to-home': 'LeftToHome',
} as const;

function notModelled(what: string, kind: string): never {
  throw new InvariantViolation(`the model has no such ${what}`, { kind });
}

/** Moments are counted from `originUs`. */
export function rowsValue(rows: MemoryRows, momentUs: number, originUs: number): ModelValue {
  const accounts = rows.sortedAccounts();
  return {
    moment: momentUs - originUs,
    balance: mapOf(accounts.map(({ number, balanceMinor }) => [number, Number(balanceMinor)])),
    holds: mapOf(accounts.map(({ number, holdsMinor }) => [number, Number(holdsMinor)])),
    pending: mapOf(accounts.map(({ number, pendingCreditsMinor }) => [number, Number(pendingCreditsMinor)])),
    legs: mapOf(rows.sortedLegs().map((leg) => [tupleOf(nameOf(leg.txn), leg.account), legValue(leg, originUs)])),
    records: mapOf(rows.sortedOutcomes().map((row) => [idOf(row.key), recordValue(nameOf(row.txn), row, originUs)])),
  };
}

function legValue({ state, preparedUs, commitUs }: LegRow, originUs: number): ModelValue {
  return { state: variant(LEG_STATES[state]), p: since(preparedUs, originUs), c: since(commitUs, originUs) };
}

const since = (us: number | null, originUs: number): number => (us === null ? 0 : us - originUs);

export function recordValue(txn: string, { decision, balances, untold }: Pick<OutcomeRow, 'decision' | 'balances' | 'untold'>, originUs: number): ModelValue {
  return {
    txn,
    isCommitted: decision.kind === 'committed',
    c: since(decision.kind === 'committed' ? decision.commitUs : null, originUs),
    balances: balancesValue(balances),
    untold: setOf(untold.map(({ account }) => account)),
  };
}

function balancesValue(balances: OutcomeRow['balances']): ModelValue {
  return mapOf(balances.map(({ account, balanceMinor }) => [account, Number(balanceMinor)]));
}

const names = (txns: readonly TxnId[]): ModelValue => setOf(txns.map(nameOf));

export function instructionValue(instruction: Instruction, originUs: number): ModelValue {
  switch (instruction.kind) {
    case 'prepare':
      return variant('Prepare', { txn: nameOf(instruction.txn), account: instruction.account, undecided: names(instruction.undecided) });
    case 'decide-commit':
      requireAllPrepared(nameOf(instruction.txn), instruction.remotePrepared);
      return variant('DecideCommit', {
        txn: nameOf(instruction.txn),
        notBefore: since(instruction.notBeforeUs, originUs),
        undecided: names(instruction.undecided),
      });
    case 'decide-abort':
      return variant('DecideAbort', nameOf(instruction.txn));
    case 'commit':
      return variant('Commit', { txn: nameOf(instruction.txn), account: instruction.account, c: since(instruction.commitUs, originUs) });
    case 'rollback':
      return variant('Rollback', { txn: nameOf(instruction.txn), account: instruction.account });
    case 'resolve':
      return variant('Resolve', nameOf(instruction.txn));
    case 'acknowledge':
      return variant('Acknowledge', { txn: nameOf(instruction.txn), accounts: setOf(instruction.accounts) });
    default:
      return notModelled('instruction', instruction.kind);
  }
}

/** The model's DECIDE COMMIT has no list of promises: it is sent once there are all. */
function requireAllPrepared(name: string, prepared: readonly AccountNumber[]): void {
  const { homeSlot, body } = paymentOf(name);
  for (const { account } of body.legs)
    invariant(prepared.includes(account) !== (bucketOfAccount(account) === bucketOfSlot(homeSlot)), 'DECIDE COMMIT names the remote legs, and all of them', {
      name,
      account,
    });
}

export function outcomeValue(outcome: Outcome, originUs: number): ModelValue {
  switch (outcome.kind) {
    case 'prepared':
      return variant('Promised', since(outcome.leg.preparedUs, originUs));
    case 'leg-ended':
      return variant('LegEnded', variant(LEG_STATES[outcome.leg.state]));
    case 'refused':
      return variant('Refused');
    case 'wait':
      return variant('Waits', names(outcome.undecided.map(({ txn }) => txn)));
    case 'decided':
      return variant('Decided', { record: recordValue(nameOf(outcome.outcome.txn), outcome.outcome, originUs), isFresh: outcome.fresh });
    case 'conflict':
      return variant('Conflict', nameOf(outcome.bound.txn));
    case 'done':
      return variant('Done');
    case 'alarm':
      return variant('Alarm', outcome.alarm.name);
    default:
      return notModelled('outcome', outcome.kind);
  }
}

/** `awaited`: by leg, or 'home': the payments whose homes the coordinator's host has been told to ask. */
export function machineValue(
  txn: GlobalTransaction,
  awaited: ReadonlyMap<string, readonly TxnId[]>,
  answer: TransactionAnswer | null,
  originUs: number,
): ModelValue {
  return {
    txn: nameOf(txn.plan.txn),
    phase: phaseValue(txn, txn.phase, awaited, originUs),
    wasHeldUp: txn.heldUpSinceMs !== null,
    legs: mapOf(txn.legs.map((leg) => [leg.spec.account, localValue(leg, awaited, originUs)])),
    answer: answerValue(answer),
  };
}

function localValue(
  { spec, state, touched, undecided, preparedUs }: LocalTransaction,
  awaited: ReadonlyMap<string, readonly TxnId[]>,
  originUs: number,
): ModelValue {
  return {
    state: variant(LOCAL_STATES[state]),
    isTouched: touched,
    undecided: names(undecided),
    waitsFor: names(awaited.get(spec.account) ?? []),
    p: since(preparedUs, originUs),
  };
}

const INTENTS = { commit: 'ToCommit', abort: 'ToAbort', resolve: 'ToResolve' } as const;

function phaseValue(txn: GlobalTransaction, phase: GlobalPhase, awaited: ReadonlyMap<string, readonly TxnId[]>, originUs: number): ModelValue {
  switch (phase.kind) {
    case 'preparing':
      return variant('Preparing');
    case 'deciding':
      return variant('Deciding', {
        intent: variant(INTENTS[phase.intent.kind]),
        isAsked: phase.state === 'asked',
        undecided: names(phase.undecided),
        waitsFor: names(awaited.get('home') ?? []),
        isLate: phase.late,
      });
    case 'telling':
      return variant('Telling', endingValue(txn, phase.verdict, originUs));
    case 'ended':
      return variant('Over', phase.verdict === null ? variant('Unheard') : endingValue(txn, phase.verdict, originUs));
    case 'created':
    case 'journaling':
    case 'awaiting-locks':
      return notModelled('phase', phase.kind);
    default:
      return unreachable(phase, 'phase');
  }
}

function endingValue(txn: GlobalTransaction, verdict: Verdict, originUs: number): ModelValue {
  if (verdict.kind === 'conflict') return variant('BoundToAnother');
  return variant('Recorded', { record: recordValue(nameOf(txn.plan.txn), verdict.outcome, originUs), isFresh: verdict.fresh });
}

export function answerValue(answer: TransactionAnswer | null): ModelValue {
  if (answer === null) return variant('NoAnswer');
  switch (answer.kind) {
    case 'recorded':
      return answer.outcome.decision.kind === 'committed' ? variant('AnsweredCommitted', balancesValue(answer.outcome.balances)) : variant('AnsweredAborted');
    case 'conflict':
      return variant('AnsweredConflict');
    case 'unknown':
      return variant('AnsweredUnknown');
    default:
      return notModelled('answer', answer.kind);
  }
}
