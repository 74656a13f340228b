/**
 * What an instruction must fulfil before it may be proposed. The bucket trusts no coordinator with identities or with
 * callers: the token is verified here, the subject in the entry is what it says, ids are scoped to that subject, and
 * a txn is the hash of its key and body. Apply reads no token; this is the only place that does.
 */
import { instructionProblem, traitsOf, txnPreimage, type Identity, type Instruction, type PaymentBody, type Subject, type TxnVersion } from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import type { InstructionItem, ItemReply } from '@mas/two-phase-commit';
import { splitPaymentKey, unreachable, type PaymentKey, type TxnId } from '@mas/values';
import type { Digest } from '../digest';
import type { TokenVerifier } from '../token-verifier';

export type Admission = { readonly kind: 'admitted'; readonly instruction: Instruction } | Exclude<ItemReply, { readonly kind: 'outcome' }>;

const SYSTEM: Subject = { kind: 'system' };

export class AdmissionControl {
  constructor(
    private readonly tokens: TokenVerifier,
    private readonly digest: Digest,
    private readonly minted: () => TxnVersion,
  ) {}

  /** @param caller the role of the node that asks, by its certificate */
  admit({ instruction, token }: InstructionItem, caller: 'tm' | 'rm'): Admission {
    const problem = this.problem(instruction);
    if (problem !== null) return denied(problem);
    const { sender } = traitsOf(instruction);
    switch (sender) {
      case 'caller':
      case 'operator':
        return this.forCaller(instruction, token, sender);
      case 'canceller':
        // A coordinator cancels also after the caller's token has expired. Only the payment's own scope is believed.
        if (token !== null && this.tokens.verify(token).ok) return this.forCaller(instruction, token, 'caller');
        return admitted(withSubject(instruction, ofItsScope(instruction)));
      case 'resolver':
        return token === null ? admitted(withSubject(instruction, SYSTEM)) : this.forOperator(instruction, token);
      case 'anybody':
        return admitted(instruction);
      case 'resource-manager':
        return caller === 'rm' ? admitted(instruction) : denied('INSTRUCTION_IS_INTERNAL');
      case 'own-bucket':
        return denied('INSTRUCTION_IS_INTERNAL');
      default:
        return unreachable(sender, 'sender');
    }
  }

  private forCaller(instruction: Instruction, token: string | null, role: 'caller' | 'operator'): Admission {
    if (token === null) return { kind: 'unauthenticated', reason: 'TOKEN_MISSING' };
    const verified = this.tokens.verify(token);
    if (!verified.ok) return { kind: 'unauthenticated', reason: verified.error.reason };
    if ('key' in instruction && !ownsScope(verified.value, instruction.key)) return denied('ID_OF_ANOTHER_CALLER');
    if (role === 'operator' && verified.value.kind !== 'operator') return denied('OPERATOR_TOKEN_REQUIRED');
    return admitted(withSubject(instruction, verified.value));
  }

  /** Of whatever scope the id is. */
  private forOperator(instruction: Instruction, token: string): Admission {
    const verified = this.tokens.verify(token);
    if (!verified.ok) return { kind: 'unauthenticated', reason: verified.error.reason };
    if (verified.value.kind !== 'operator') return denied('OPERATOR_TOKEN_REQUIRED');
    return admitted(withSubject(instruction, verified.value));
  }

  /** Whatever a correct sender cannot send. Apply takes much of it for a broken invariant, so none may reach the log. */
  private problem(instruction: Instruction): string | null {
    const { unsendable, identity } = traitsOf(instruction);
    const impossible = instructionProblem(instruction) ?? unsendable?.(instruction) ?? null;
    return impossible ?? (identity === undefined ? null : this.identityProblem(identity(instruction)));
  }

  /** Two homes for one key could decide twice, so a sender's idea of the home is compared with the key's own. */
  private identityProblem({ key, home, hashed }: Identity): string | null {
    if (home !== null && homeSlotOfKey(key) !== ('slot' in home ? home.slot : slotOfAccount(home.account))) return 'HOME_SLOT_DOES_NOT_MATCH_KEY';
    if (hashed === null) return null;
    const { txn, body, isSealed } = hashed;
    // What this cluster's coordinators mint is looked at first; the other hash is admitted as well (ADR 14).
    const minted = isSealed ? this.minted() : 1;
    return this.isTxn(minted, key, txn, body) || (isSealed && this.isTxn(minted === 1 ? 2 : 1, key, txn, body)) ? null : 'TXN_DOES_NOT_MATCH_BODY';
  }

  private isTxn(version: TxnVersion, key: PaymentKey, txn: TxnId, body: PaymentBody): boolean {
    return this.digest.sha256Hex(txnPreimage(version, key, body)) === txn;
  }
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
function withSubject(instruction: Instruction, subject: Subject): Instruction {
  return !('subject' in instruction) || sameSubject(instruction.subject, subject) ? instruction : { ...instruction, subject };
}

function ofItsScope(instruction: Instruction): Subject {
  return 'subject' in instruction && 'key' in instruction && ownsScope(instruction.subject, instruction.key) ? instruction.subject : SYSTEM;
}

function sameSubject(a: Subject, b: Subject): boolean {
  if (a.kind === 'account') return b.kind === 'account' && a.account === b.account;
  if (a.kind === 'operator') return b.kind === 'operator' && a.name === b.name;
  return b.kind === 'system';
}

function admitted(instruction: Instruction): Admission {
  return { kind: 'admitted', instruction };
}

function denied(reason: string): Admission {
  return { kind: 'permission-denied', reason };
}
