/**
 * What an instruction must fulfil before it may be proposed. The bucket trusts no coordinator with identities or with
 * callers: the token is verified here, the subject in the entry is what it says, ids are scoped to that subject, and
 * a txn is the hash of its key and body. Apply reads no token; this is the only place that does.
 */
import {
  changeBody,
  creationBody,
  instructionProblem,
  isOfMove,
  SEMANTICS_VERSION,
  textProblem,
  txnPreimage,
  type Instruction,
  type MoveInstruction,
  type PaymentBody,
  type Subject,
  type TxnVersion,
} from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import type { InstructionItem, ItemReply } from '@mas/two-phase-commit';
import { splitPaymentKey, unreachable, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import type { Digest } from '../digest';
import type { TokenVerifier } from '../token-verifier';

export type Admission = { readonly kind: 'admitted'; readonly instruction: Instruction } | Exclude<ItemReply, { readonly kind: 'outcome' }>;

const TXN_DOES_NOT_MATCH = 'TXN_DOES_NOT_MATCH_BODY';

const SYSTEM: Subject = { kind: 'system' };

export class AdmissionControl {
  constructor(
    private readonly tokens: TokenVerifier,
    private readonly digest: Digest,
    private readonly minted: () => TxnVersion,
  ) {}

  /** @param caller the role of the node that asks, by its certificate */
  admit(item: InstructionItem, caller: 'tm' | 'rm'): Admission {
    const { instruction, token } = item;
    const problem = this.problem(instruction);
    if (problem !== null) return denied(problem);
    switch (instruction.kind) {
      case 'prepare':
      case 'decide-commit':
      case 'create-account':
      case 'change-account':
      case 'bind-id':
        return this.forCaller(instruction, instruction.key, token);
      case 'acquire-lock':
      case 'set-policy':
        return this.forCaller(instruction, null, token);
      case 'decide-abort':
        // A coordinator cancels also after the caller's token has expired. Only the payment's own scope is believed.
        if (token !== null && this.tokens.verify(token).ok) return this.forCaller(instruction, instruction.key, token);
        return admitted(withSubject(instruction, ownsScope(instruction.subject, instruction.key) ? instruction.subject : SYSTEM));
      case 'break-lock':
        return token === null ? { kind: 'unauthenticated', reason: 'TOKEN_MISSING' } : this.forOperator(instruction, token);
      case 'resolve':
        return token === null ? admitted(withSubject(instruction, SYSTEM)) : this.forOperator(instruction, token);
      case 'commit':
      case 'commit-many':
      case 'rollback':
      case 'acknowledge':
      case 'acknowledge-many':
      case 'refresh-lock':
      case 'release-lock':
        // The second phase tells what is decided, and a lock's handle is its owner's secret: neither needs a caller.
        return admitted(instruction);
      case 'genesis':
      case 'expire':
        return denied('INSTRUCTION_IS_INTERNAL');
      default:
        return isOfMove(instruction) ? ofMove(instruction, caller) : unreachable(instruction, 'instruction');
    }
  }

  private forCaller(instruction: Instruction & { readonly subject: Subject }, key: PaymentKey | null, token: string | null): Admission {
    if (token === null) return { kind: 'unauthenticated', reason: 'TOKEN_MISSING' };
    const verified = this.tokens.verify(token);
    if (!verified.ok) return { kind: 'unauthenticated', reason: verified.error.reason };
    if (key !== null && !ownsScope(verified.value, key)) return denied('ID_OF_ANOTHER_CALLER');
    if ((instruction.kind === 'set-policy' || instruction.kind === 'bind-id') && verified.value.kind !== 'operator') return denied('OPERATOR_TOKEN_REQUIRED');
    return admitted(withSubject(instruction, verified.value));
  }

  private forOperator(instruction: Instruction & { readonly subject: Subject }, token: string): Admission {
    const verified = this.tokens.verify(token);
    if (!verified.ok) return { kind: 'unauthenticated', reason: verified.error.reason };
    if (verified.value.kind !== 'operator') return denied('OPERATOR_TOKEN_REQUIRED');
    return admitted(withSubject(instruction, verified.value));
  }

  /** Whatever a correct sender cannot send. Apply takes much of it for a broken invariant, so none may reach the log. */
  private problem(instruction: Instruction): string | null {
    const impossible = instructionProblem(instruction) ?? textProblem(instruction);
    if (impossible !== null) return impossible;
    switch (instruction.kind) {
      case 'decide-commit':
        if (!instruction.remotePrepared.every((account) => instruction.body.legs.some((leg) => leg.account === account))) return 'LEG_NOT_IN_BODY';
        return this.identityProblem(instruction);
      case 'prepare':
      case 'decide-abort':
      case 'resolve':
      case 'bind-id':
        return this.identityProblem(instruction);
      case 'create-account':
        return this.txnProblem(instruction.key, instruction.txn, creationBody(instruction));
      case 'change-account':
        // Recorded in the account's slot, and looked for in its key's home.
        return (
          homeProblem({ key: instruction.key, homeSlot: slotOfAccount(instruction.number) }) ??
          this.txnProblem(instruction.key, instruction.txn, changeBody(instruction.number, instruction.change))
        );
      case 'rollback':
        return homeProblem(instruction);
      case 'set-policy':
      case 'genesis':
        return instruction.semanticsVersion <= SEMANTICS_VERSION ? null : 'SEMANTICS_UNKNOWN';
      case 'commit':
      case 'commit-many':
      case 'acknowledge':
      case 'acknowledge-many':
      case 'acquire-lock':
      case 'refresh-lock':
      case 'release-lock':
      case 'break-lock':
      case 'expire':
        return null;
      default:
        return isOfMove(instruction) ? null : unreachable(instruction, 'instruction');
    }
  }

  private identityProblem(payment: { readonly key: PaymentKey; readonly txn: TxnId; readonly homeSlot: Slot; readonly body: PaymentBody }): string | null {
    const { key, txn, body } = payment;
    const problem = homeProblem(payment);
    // What this cluster's coordinators mint is looked at first; the other hash is admitted as well (ADR 14).
    const minted = this.minted();
    return problem ?? (this.isTxn(minted, key, txn, body) || this.isTxn(minted === 1 ? 2 : 1, key, txn, body) ? null : TXN_DOES_NOT_MATCH);
  }

  private txnProblem(key: PaymentKey, txn: TxnId, body: PaymentBody): string | null {
    return this.isTxn(1, key, txn, body) ? null : TXN_DOES_NOT_MATCH;
  }

  private isTxn(version: TxnVersion, key: PaymentKey, txn: TxnId, body: PaymentBody): boolean {
    return this.digest.sha256Hex(txnPreimage(version, key, body)) === txn;
  }
}

/** Two homes for one key could decide twice, so a sender's idea of the home is compared with the key's own. */
function homeProblem(payment: { readonly key: PaymentKey; readonly homeSlot: Slot }): string | null {
  return homeSlotOfKey(payment.key) === payment.homeSlot ? null : 'HOME_SLOT_DOES_NOT_MATCH_KEY';
}

function ownsScope(subject: Subject, key: PaymentKey): boolean {
  const { scope } = splitPaymentKey(key);
  switch (subject.kind) {
    case 'account':
      return subject.account === scope;
    case 'operator':
      return subject.name === scope;
    case 'system':
      return false;
    default:
      return unreachable(subject, 'subject');
  }
}

/** The same object where nothing changes: its bytes may be known already. */
function withSubject<Kind extends Instruction & { readonly subject: Subject }>(instruction: Kind, subject: Subject): Kind {
  return sameSubject(instruction.subject, subject) ? instruction : { ...instruction, subject };
}

function sameSubject(a: Subject, b: Subject): boolean {
  if (a.kind === 'account') return b.kind === 'account' && a.account === b.account;
  if (a.kind === 'operator') return b.kind === 'operator' && a.name === b.name;
  return b.kind === 'system';
}

function admitted(instruction: Instruction): Admission {
  return { kind: 'admitted', instruction };
}

/** Who gives slots away tells the next owner; what its own bucket is told about them it proposes itself. */
function ofMove(instruction: MoveInstruction, caller: 'tm' | 'rm'): Admission {
  switch (instruction.kind) {
    case 'begin-import':
    case 'import-rows':
    case 'adopt-slots':
    case 'decline-import':
      return caller === 'rm' ? admitted(instruction) : denied('INSTRUCTION_IS_INTERNAL');
    case 'release-slots':
    case 'reclaim-slots':
    case 'confirm-release':
      return denied('INSTRUCTION_IS_INTERNAL');
    default:
      return unreachable(instruction, 'instruction of a move');
  }
}

function denied(reason: string): Admission {
  return { kind: 'permission-denied', reason };
}
