/**
 * What makes an instruction impossible in itself. A leader asks before it proposes and answers the sender with an
 * error; apply asks again, and there it is a broken invariant: an entry that no leader of ours can have proposed.
 */
import { fitsInt64, unreachable } from '@mas/values';
import { MAX_INSTRUCTIONS_PER_ENTRY, MAX_MEMBERS, type CommittedLeg, type Genesis, type Instruction, type LedgerEntry, type Prepare } from './instruction';
import { memberCount } from './members';
import { changesOwnership, isOfMove, moveProblem } from './of-move';
import type { Policy } from './policy';

/** The longest time that one lock request can ask for: a day. */
export const MAX_LOCK_TTL_MS = 86_400_000;
/** In the year 2112. A bucket that has been carried there has room for as many moments again. */
export const LAST_MOMENT_US = 2 ** 52;

/** A sentence, or null when nothing is wrong. */
export function instructionProblem(instruction: Instruction): string | null {
  switch (instruction.kind) {
    case 'genesis':
      return genesisProblem(instruction);
    case 'set-policy':
      return policyProblem(instruction.policy) ?? semanticsProblem(instruction);
    case 'create-account':
      return fitsInt64(instruction.openingBalanceMinor) && (instruction.minimumMinor === null || fitsInt64(instruction.minimumMinor))
        ? null
        : 'an amount of the account exceeds 64 bits';
    case 'prepare':
      return prepareProblem(instruction);
    case 'decide-commit':
      return bodyProblem(instruction) ?? momentProblem(instruction.notBeforeUs);
    case 'decide-abort':
    case 'resolve':
      return bodyProblem(instruction);
    case 'rollback':
      return instruction.spec.account === instruction.account ? null : 'the rolled back leg is another account’s';
    case 'acknowledge':
      return instruction.accounts.length > 0 ? null : NO_LEG_TOLD;
    case 'commit-many':
      return memberProblem(instruction.legs.length) ?? firstProblem(instruction.legs);
    case 'acknowledge-many':
      return memberProblem(instruction.told.length) ?? (instruction.told.every(({ accounts }) => accounts.length > 0) ? null : NO_LEG_TOLD);
    case 'acquire-lock':
    case 'refresh-lock':
      return Number.isSafeInteger(instruction.ttlMs) && instruction.ttlMs > 0 && instruction.ttlMs <= MAX_LOCK_TTL_MS
        ? null
        : `a lock is held for 1 to ${MAX_LOCK_TTL_MS} ms`;
    case 'change-account':
      return instruction.change.kind !== 'set-minimum' || fitsInt64(instruction.change.minimumMinor) ? null : 'the minimum exceeds 64 bits';
    case 'bind-id':
      return instruction.body.legs.length === 0 && instruction.body.memo !== '' ? null : 'an id that is bound is a request’s without legs';
    case 'commit':
      return momentProblem(instruction.commitUs);
    case 'expire':
    case 'release-lock':
    case 'break-lock':
      return null;
    default:
      return isOfMove(instruction) ? moveProblem(instruction) : unreachable(instruction, 'instruction');
  }
}

/** The moment at which the entry closes its bucket, whatever its instructions say: equal on all replicas, and known before it is applied. */
export function closedBy({ stampMs, behindUs }: LedgerEntry): number {
  return Math.max(stampMs * 1000, behindUs ?? 0);
}

/** The same for the frame of an entry. */
export function entryProblem(entry: LedgerEntry): string | null {
  if (!Number.isSafeInteger(entry.stampMs) || entry.stampMs < 0) return 'the stamp is no whole number of milliseconds';
  const problem = momentProblem(entry.behindUs);
  if (problem !== null) return problem;
  let count = 0;
  for (const instruction of entry.instructions) count += memberCount(instruction);
  if (entry.instructions.length > 1 && entry.instructions.some((each) => each.kind !== 'genesis' && changesOwnership(each)))
    return 'what changes whose slots are is alone in its entry';
  return count <= MAX_INSTRUCTIONS_PER_ENTRY ? null : `an entry carries at most ${MAX_INSTRUCTIONS_PER_ENTRY} instructions`;
}

function momentProblem(us: number | null): string | null {
  return us === null || (Number.isSafeInteger(us) && us > 0 && us <= LAST_MOMENT_US)
    ? null
    : `a moment is a whole number of microseconds from 1 to ${LAST_MOMENT_US}`;
}

function firstProblem(legs: readonly CommittedLeg[]): string | null {
  for (const { commitUs } of legs) {
    const problem = momentProblem(commitUs);
    if (problem !== null) return problem;
  }
  return null;
}

const NO_LEG_TOLD = 'an acknowledgement names no leg';

/** One alone has an instruction of its own: what means the same is said in one way. */
function memberProblem(count: number): string | null {
  return count >= 2 && count <= MAX_MEMBERS ? null : `an instruction for many payments names 2 to ${MAX_MEMBERS} of them, this one ${count}`;
}

function bodyProblem({ body }: Pick<Prepare, 'body'>): string | null {
  const problem = body.problems()[0];
  return problem === undefined ? null : `${problem.field}: ${problem.name}`;
}

function prepareProblem(instruction: Prepare): string | null {
  const problem = bodyProblem(instruction);
  if (problem !== null) return problem;
  return instruction.body.legs.some((leg) => leg.account === instruction.account) ? null : 'the body has no leg of the account to be prepared';
}

function genesisProblem(genesis: Genesis): string | null {
  const { slots, policy } = genesis;
  let next = 0;
  for (const { from, to } of slots) {
    if (from < next || to < from) return 'slot ranges are not sorted';
    next = to + 1;
  }
  return policyProblem(policy) ?? semanticsProblem(genesis);
}

function semanticsProblem({ semanticsVersion }: Pick<Genesis, 'semanticsVersion'>): string | null {
  return Number.isSafeInteger(semanticsVersion) && semanticsVersion >= 1 ? null : 'a semantics version is a positive whole number';
}

function policyProblem({ version, numberPattern, minimumBalanceMinor, maximumAmountMinor }: Policy): string | null {
  if (!Number.isSafeInteger(version) || version < 1) return 'a policy’s version is a positive whole number';
  if (numberPattern === '') return 'a policy’s number pattern is `any` or a template';
  return fitsInt64(minimumBalanceMinor) && fitsInt64(maximumAmountMinor) && maximumAmountMinor > 0n
    ? null
    : 'a policy’s amounts fit 64 bits, and the maximum is above zero';
}
