/**
 * mas/v1/instruction.proto: an instruction is a oneof; its field number names its kind. The payment path (prepare,
 * decide, commit) is in payment-instruction-messages.ts, the administrative one in admin-instruction-messages.ts, that of slots that move in
 * slot-move-messages.ts.
 */
import type { Instruction, InstructionKind } from '@mas/ledger';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import * as admin from './admin-instruction-messages';
import * as payment from './payment-instruction-messages';
import * as moves from './slot-move-messages';

type Of<Kind extends InstructionKind> = Extract<Instruction, { readonly kind: Kind }>;
/** Field of the oneof, and how its message is written and read. */
type Codec<One extends Instruction> = readonly [field: number, write: (writer: WireWriter, value: One) => void, read: (reader: WireReader) => One];

const CODECS: { readonly [Kind in InstructionKind]: Codec<Of<Kind>> } = {
  genesis: [1, admin.writeGenesis, admin.readGenesis],
  'set-policy': [2, admin.writeSetPolicy, admin.readSetPolicy],
  'create-account': [3, admin.writeCreateAccount, admin.readCreateAccount],
  prepare: [4, payment.writePrepare, payment.readPrepare],
  'decide-commit': [5, payment.writeDecideCommit, payment.readDecideCommit],
  'decide-abort': [6, payment.writeDecideAbort, payment.readDecideAbort],
  commit: [7, payment.writeCommit, payment.readCommit],
  rollback: [8, payment.writeRollback, payment.readRollback],
  resolve: [9, payment.writeResolve, payment.readResolve],
  acknowledge: [10, payment.writeAcknowledge, payment.readAcknowledge],
  expire: [11, payment.writeExpire, payment.readExpire],
  'acquire-lock': [12, admin.writeAcquireLock, admin.readAcquireLock],
  'refresh-lock': [13, admin.writeRefreshLock, admin.readRefreshLock],
  'release-lock': [14, admin.writeReleaseLock, admin.readReleaseLock],
  'change-account': [15, admin.writeChangeAccount, admin.readChangeAccount],
  'bind-id': [16, payment.writeBindId, payment.readBindId],
  'break-lock': [17, admin.writeBreakLock, admin.readBreakLock],
  'commit-many': [18, payment.writeCommitMany, payment.readCommitMany],
  'acknowledge-many': [19, payment.writeAcknowledgeMany, payment.readAcknowledgeMany],
  'begin-import': [20, moves.writeBeginImport, moves.readBeginImport],
  'import-rows': [21, moves.writeImportRows, moves.readImportRows],
  'adopt-slots': [22, moves.writeAdoptSlots, moves.readAdoptSlots],
  'decline-import': [23, moves.writeOfMove, moves.readDeclineImport],
  'release-slots': [24, moves.writeReleaseSlots, moves.readReleaseSlots],
  'reclaim-slots': [25, moves.writeOfMove, moves.readReclaimSlots],
  'confirm-release': [26, moves.writeConfirmRelease, moves.readConfirmRelease],
};

const READERS = new Map<number, (reader: WireReader) => Instruction>(Object.values(CODECS).map(([field, , read]) => [field, read]));

export function writeInstruction(writer: WireWriter, instruction: Instruction): void {
  // The row of its kind is the row for it: TypeScript cannot say so of a union.
  const [field, write] = CODECS[instruction.kind] as unknown as Codec<Instruction>;
  writer.message(field, instruction, write);
}

export function readInstruction(reader: WireReader): Instruction {
  const field = reader.nextField();
  const read = READERS.get(field);
  return read === undefined ? reader.fail('an unknown instruction') : reader.message(field, read);
}
