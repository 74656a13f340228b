/**
 * mas/v1/instruction.proto: an instruction is a oneof; its field number names its kind. The payment path (prepare,
 * decide, commit) is in payment-instruction-messages.ts, the administrative one in admin-instruction-messages.ts, that of slots that move in
 * slot-move-messages.ts.
 */
import type { Instruction } from '@mas/ledger';
import { unreachable } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import * as admin from './admin-instruction-messages';
import * as payment from './payment-instruction-messages';
import * as moves from './slot-move-messages';

export function writeInstruction(writer: WireWriter, instruction: Instruction): void {
  switch (instruction.kind) {
    case 'genesis':
      return writer.message(1, instruction, admin.writeGenesis);
    case 'set-policy':
      return writer.message(2, instruction, admin.writeSetPolicy);
    case 'create-account':
      return writer.message(3, instruction, admin.writeCreateAccount);
    case 'prepare':
      return writer.message(4, instruction, payment.writePrepare);
    case 'decide-commit':
      return writer.message(5, instruction, payment.writeDecideCommit);
    case 'decide-abort':
      return writer.message(6, instruction, payment.writeDecideAbort);
    case 'commit':
      return writer.message(7, instruction, payment.writeCommit);
    case 'rollback':
      return writer.message(8, instruction, payment.writeRollback);
    case 'resolve':
      return writer.message(9, instruction, payment.writeResolve);
    case 'acknowledge':
      return writer.message(10, instruction, payment.writeAcknowledge);
    case 'expire':
      return writer.message(11, instruction, payment.writeExpire);
    case 'acquire-lock':
      return writer.message(12, instruction, admin.writeAcquireLock);
    case 'refresh-lock':
      return writer.message(13, instruction, admin.writeRefreshLock);
    case 'release-lock':
      return writer.message(14, instruction, admin.writeReleaseLock);
    case 'change-account':
      return writer.message(15, instruction, admin.writeChangeAccount);
    case 'bind-id':
      return writer.message(16, instruction, payment.writeBindId);
    case 'break-lock':
      return writer.message(17, instruction, admin.writeBreakLock);
    case 'commit-many':
      return writer.message(18, instruction, payment.writeCommitMany);
    case 'acknowledge-many':
      return writer.message(19, instruction, payment.writeAcknowledgeMany);
    case 'begin-import':
      return writer.message(20, instruction, moves.writeBeginImport);
    case 'import-rows':
      return writer.message(21, instruction, moves.writeImportRows);
    case 'adopt-slots':
      return writer.message(22, instruction, moves.writeAdoptSlots);
    case 'decline-import':
      return writer.message(23, instruction, moves.writeOfMove);
    case 'release-slots':
      return writer.message(24, instruction, moves.writeReleaseSlots);
    case 'reclaim-slots':
      return writer.message(25, instruction, moves.writeOfMove);
    case 'confirm-release':
      return writer.message(26, instruction, moves.writeConfirmRelease);
    default:
      return unreachable(instruction, 'instruction');
  }
}

export function readInstruction(reader: WireReader): Instruction {
  switch (reader.nextField()) {
    case 1:
      return reader.message(1, admin.readGenesis);
    case 2:
      return reader.message(2, admin.readSetPolicy);
    case 3:
      return reader.message(3, admin.readCreateAccount);
    case 4:
      return reader.message(4, payment.readPrepare);
    case 5:
      return reader.message(5, payment.readDecideCommit);
    case 6:
      return reader.message(6, payment.readDecideAbort);
    case 7:
      return reader.message(7, payment.readCommit);
    case 8:
      return reader.message(8, payment.readRollback);
    case 9:
      return reader.message(9, payment.readResolve);
    case 10:
      return reader.message(10, payment.readAcknowledge);
    case 11:
      return reader.message(11, payment.readExpire);
    case 12:
      return reader.message(12, admin.readAcquireLock);
    case 13:
      return reader.message(13, admin.readRefreshLock);
    case 14:
      return reader.message(14, admin.readReleaseLock);
    case 15:
      return reader.message(15, admin.readChangeAccount);
    case 16:
      return reader.message(16, payment.readBindId);
    case 17:
      return reader.message(17, admin.readBreakLock);
    case 18:
      return reader.message(18, payment.readCommitMany);
    case 19:
      return reader.message(19, payment.readAcknowledgeMany);
    case 20:
      return reader.message(20, moves.readBeginImport);
    case 21:
      return reader.message(21, moves.readImportRows);
    case 22:
      return reader.message(22, moves.readAdoptSlots);
    case 23:
      return reader.message(23, moves.readDeclineImport);
    case 24:
      return reader.message(24, moves.readReleaseSlots);
    case 25:
      return reader.message(25, moves.readReclaimSlots);
    case 26:
      return reader.message(26, moves.readConfirmRelease);
    default:
      return reader.fail('an unknown instruction');
  }
}
