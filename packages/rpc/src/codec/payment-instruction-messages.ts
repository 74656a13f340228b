/** The instructions of two-phase commit. The hot path: read and written straight, field by field. */
import type {
  Acknowledge,
  AcknowledgeMany,
  BindId,
  CommitLeg,
  CommitMany,
  CommittedLeg,
  DecideAbort,
  DecideCommit,
  Expire,
  Prepare,
  Resolve,
  RollbackLeg,
  ToldLegs,
} from '@mas/ledger';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readBody, writeBody } from './body-messages';
import { readAbortReason, readLegSpec, readSubject, writeLegSpec, writeReason, writeSubject } from './payment-messages';

type LockToken = DecideCommit['lockTokens'][number];

export function writePrepare(writer: WireWriter, prepare: Prepare): void {
  writer.hash(1, prepare.txn);
  writer.text(2, prepare.key);
  writer.uint(3, prepare.homeSlot);
  writeBody(writer, 4, prepare.body);
  writer.text(5, prepare.account);
  writer.message(6, prepare.subject, writeSubject);
  writer.optionalUint(7, prepare.lockToken);
  writer.hashes(8, prepare.undecided);
}

export function readPrepare(reader: WireReader): Prepare {
  const txn = reader.txn(1);
  return {
    kind: 'prepare',
    txn,
    key: reader.key(2),
    homeSlot: reader.slot(3),
    body: readBody(reader, 4, txn),
    account: reader.account(5),
    subject: reader.message(6, readSubject),
    lockToken: reader.optionalUint(7),
    undecided: reader.txns(8),
  };
}

export function writeDecideCommit(writer: WireWriter, decide: DecideCommit): void {
  writer.hash(1, decide.txn);
  writer.text(2, decide.key);
  writer.uint(3, decide.homeSlot);
  writeBody(writer, 4, decide.body);
  writer.texts(5, decide.remotePrepared);
  writer.message(6, decide.subject, writeSubject);
  writer.messages(7, decide.lockTokens, writeLockToken);
  writer.hashes(8, decide.undecided);
  writer.optionalUint(9, decide.notBeforeUs);
}

export function readDecideCommit(reader: WireReader): DecideCommit {
  const txn = reader.txn(1);
  return {
    kind: 'decide-commit',
    txn,
    key: reader.key(2),
    homeSlot: reader.slot(3),
    body: readBody(reader, 4, txn),
    remotePrepared: reader.accounts(5),
    subject: reader.message(6, readSubject),
    lockTokens: reader.messages(7, readLockToken),
    undecided: reader.txns(8),
    notBeforeUs: reader.optionalUint(9),
  };
}

function writeLockToken(writer: WireWriter, token: LockToken): void {
  writer.text(1, token.account);
  writer.uint(2, token.token);
}

function readLockToken(reader: WireReader): LockToken {
  return { account: reader.account(1), token: reader.uint(2) };
}

export function writeDecideAbort(writer: WireWriter, decide: DecideAbort): void {
  writer.hash(1, decide.txn);
  writer.text(2, decide.key);
  writer.uint(3, decide.homeSlot);
  writeBody(writer, 4, decide.body);
  writer.message(5, decide.reason, writeReason);
  writer.message(6, decide.subject, writeSubject);
}

export function readDecideAbort(reader: WireReader): DecideAbort {
  const txn = reader.txn(1);
  return {
    kind: 'decide-abort',
    txn,
    key: reader.key(2),
    homeSlot: reader.slot(3),
    body: readBody(reader, 4, txn),
    reason: reader.message(5, readAbortReason),
    subject: reader.message(6, readSubject),
  };
}

export function writeCommit(writer: WireWriter, commit: CommittedLeg): void {
  writer.hash(1, commit.txn);
  writer.text(2, commit.account);
  writer.optionalUint(3, commit.commitUs);
}

export function readCommit(reader: WireReader): CommitLeg {
  return { kind: 'commit', txn: reader.txn(1), account: reader.account(2), commitUs: reader.optionalUint(3) };
}

export function writeCommitMany(writer: WireWriter, { legs }: CommitMany): void {
  writer.messages(1, legs, writeCommit);
}

export function readCommitMany(reader: WireReader): CommitMany {
  return { kind: 'commit-many', legs: reader.messages(1, readCommittedLeg) };
}

function readCommittedLeg(reader: WireReader): CommittedLeg {
  return { txn: reader.txn(1), account: reader.account(2), commitUs: reader.optionalUint(3) };
}

export function writeRollback(writer: WireWriter, rollback: RollbackLeg): void {
  writer.hash(1, rollback.txn);
  writer.text(2, rollback.key);
  writer.uint(3, rollback.homeSlot);
  writer.text(4, rollback.account);
  writer.message(5, rollback.spec, writeLegSpec);
  writer.message(6, rollback.reason, writeReason);
}

export function readRollback(reader: WireReader): RollbackLeg {
  return {
    kind: 'rollback',
    txn: reader.txn(1),
    key: reader.key(2),
    homeSlot: reader.slot(3),
    account: reader.account(4),
    spec: reader.message(5, readLegSpec),
    reason: reader.message(6, readAbortReason),
  };
}

export function writeResolve(writer: WireWriter, resolve: Resolve): void {
  writer.hash(1, resolve.txn);
  writer.text(2, resolve.key);
  writer.uint(3, resolve.homeSlot);
  writeBody(writer, 4, resolve.body);
  writer.message(5, resolve.subject, writeSubject);
  writer.optionalUint(6, resolve.askedAtMs);
}

export function writeBindId(writer: WireWriter, bind: BindId): void {
  writer.hash(1, bind.txn);
  writer.text(2, bind.key);
  writer.uint(3, bind.homeSlot);
  writeBody(writer, 4, bind.body);
  writer.message(5, bind.subject, writeSubject);
}

export function readBindId(reader: WireReader): BindId {
  const txn = reader.txn(1);
  return { kind: 'bind-id', txn, key: reader.key(2), homeSlot: reader.slot(3), body: readBody(reader, 4, txn), subject: reader.message(5, readSubject) };
}

export function readResolve(reader: WireReader): Resolve {
  const txn = reader.txn(1);
  return {
    kind: 'resolve',
    txn,
    key: reader.key(2),
    homeSlot: reader.slot(3),
    body: readBody(reader, 4, txn),
    subject: reader.message(5, readSubject),
    askedAtMs: reader.optionalUint(6),
  };
}

export function writeAcknowledge(writer: WireWriter, acknowledge: ToldLegs): void {
  writer.text(1, acknowledge.key);
  writer.hash(2, acknowledge.txn);
  writer.texts(3, acknowledge.accounts);
}

export function readAcknowledge(reader: WireReader): Acknowledge {
  return { kind: 'acknowledge', key: reader.key(1), txn: reader.txn(2), accounts: reader.accounts(3) };
}

export function writeAcknowledgeMany(writer: WireWriter, { told }: AcknowledgeMany): void {
  writer.messages(1, told, writeAcknowledge);
}

export function readAcknowledgeMany(reader: WireReader): AcknowledgeMany {
  return { kind: 'acknowledge-many', told: reader.messages(1, readToldLegs) };
}

function readToldLegs(reader: WireReader): ToldLegs {
  return { key: reader.key(1), txn: reader.txn(2), accounts: reader.accounts(3) };
}

export function writeExpire(writer: WireWriter, expire: Expire): void {
  writer.text(1, expire.account);
  writer.hash(2, expire.txn);
}

export function readExpire(reader: WireReader): Expire {
  return { kind: 'expire', account: reader.account(1), txn: reader.txn(2) };
}
