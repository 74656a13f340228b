/** Instructions outside the payment path: a bucket's birth, policy, accounts and locks. */
import type { AcquireLock, BreakLock, ChangeAccount, CreateAccount, Genesis, RefreshLock, ReleaseLock, SetPolicy } from '@mas/ledger';
import { unreachable } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readSubject, writeSubject } from './payment-messages';
import { readPolicy, readSlotRange, writePolicy, writeSlotRange } from './policy-messages';

export function writeGenesis(writer: WireWriter, genesis: Genesis): void {
  writer.messages(1, genesis.slots, writeSlotRange);
  writer.uint(2, genesis.epoch);
  writer.message(3, genesis.policy, writePolicy);
  writer.uint(4, genesis.semanticsVersion);
}

export function readGenesis(reader: WireReader): Genesis {
  return {
    kind: 'genesis',
    slots: reader.messages(1, readSlotRange),
    epoch: reader.uint(2),
    policy: reader.message(3, readPolicy),
    semanticsVersion: reader.uint(4),
  };
}

export function writeSetPolicy(writer: WireWriter, setPolicy: SetPolicy): void {
  writer.message(1, setPolicy.policy, writePolicy);
  writer.message(2, setPolicy.subject, writeSubject);
  writer.uint(3, setPolicy.semanticsVersion);
}

export function readSetPolicy(reader: WireReader): SetPolicy {
  return { kind: 'set-policy', policy: reader.message(1, readPolicy), subject: reader.message(2, readSubject), semanticsVersion: reader.uint(3) };
}

export function writeCreateAccount(writer: WireWriter, create: CreateAccount): void {
  writer.text(1, create.key);
  writer.hash(2, create.txn);
  writer.text(3, create.number);
  writer.text(4, create.currency);
  writer.int64(5, create.openingBalanceMinor);
  writer.optionalInt64(6, create.minimumMinor);
  writer.text(7, create.owner);
  writer.message(8, create.subject, writeSubject);
  writer.bool(9, create.checkOnly);
}

export function readCreateAccount(reader: WireReader): CreateAccount {
  return {
    kind: 'create-account',
    key: reader.key(1),
    txn: reader.txn(2),
    number: reader.account(3),
    currency: reader.currency(4),
    openingBalanceMinor: reader.int64(5),
    minimumMinor: reader.optionalInt64(6),
    owner: reader.text(7),
    subject: reader.message(8, readSubject),
    checkOnly: reader.bool(9),
  };
}

export function writeAcquireLock(writer: WireWriter, acquire: AcquireLock): void {
  writer.uint(1, acquire.slot);
  writer.text(2, acquire.lockId);
  writer.text(3, acquire.owner);
  writer.uint(4, acquire.ttlMs);
  writer.message(5, acquire.subject, writeSubject);
  writer.bool(6, acquire.mode === 'shared');
}

export function readAcquireLock(reader: WireReader): AcquireLock {
  return {
    kind: 'acquire-lock',
    slot: reader.slot(1),
    lockId: reader.text(2),
    owner: reader.text(3),
    ttlMs: reader.uint(4),
    subject: reader.message(5, readSubject),
    mode: reader.bool(6) ? 'shared' : 'exclusive',
  };
}

export function writeBreakLock(writer: WireWriter, broken: BreakLock): void {
  writer.uint(1, broken.slot);
  writer.text(2, broken.lockId);
  writer.uint(3, broken.upToToken);
  writer.message(4, broken.subject, writeSubject);
}

export function readBreakLock(reader: WireReader): BreakLock {
  return { kind: 'break-lock', slot: reader.slot(1), lockId: reader.text(2), upToToken: reader.uint(3), subject: reader.message(4, readSubject) };
}

export function writeRefreshLock(writer: WireWriter, refresh: RefreshLock): void {
  writer.uint(1, refresh.slot);
  writer.text(2, refresh.lockId);
  writer.text(3, refresh.owner);
  writer.uint(4, refresh.ttlMs);
}

export function readRefreshLock(reader: WireReader): RefreshLock {
  return { kind: 'refresh-lock', slot: reader.slot(1), lockId: reader.text(2), owner: reader.text(3), ttlMs: reader.uint(4) };
}

export function writeReleaseLock(writer: WireWriter, release: ReleaseLock): void {
  writer.uint(1, release.slot);
  writer.text(2, release.lockId);
  writer.text(3, release.owner);
}

export function readReleaseLock(reader: WireReader): ReleaseLock {
  return { kind: 'release-lock', slot: reader.slot(1), lockId: reader.text(2), owner: reader.text(3) };
}

export function writeChangeAccount(writer: WireWriter, change: ChangeAccount): void {
  writer.text(1, change.key);
  writer.hash(2, change.txn);
  writer.text(3, change.number);
  writeChange(writer, change.change);
  writer.message(8, change.subject, writeSubject);
  writer.optionalUint(9, change.lockToken);
  writer.hashes(10, change.undecided);
}

export function readChangeAccount(reader: WireReader): ChangeAccount {
  return {
    kind: 'change-account',
    key: reader.key(1),
    txn: reader.txn(2),
    number: reader.account(3),
    change: readChange(reader),
    subject: reader.message(8, readSubject),
    lockToken: reader.optionalUint(9),
    undecided: reader.txns(10),
  };
}

function writeChange(writer: WireWriter, change: ChangeAccount['change']): void {
  switch (change.kind) {
    case 'freeze':
      return writer.empty(4);
    case 'unfreeze':
      return writer.empty(5);
    case 'close':
      return writer.empty(6);
    case 'set-minimum':
      return writer.message(7, change.minimumMinor, (inner, minimum) => inner.int64(1, minimum));
    default:
      return unreachable(change, 'change of an account');
  }
}

function readChange(reader: WireReader): ChangeAccount['change'] {
  if (reader.empty(4)) return { kind: 'freeze' };
  if (reader.empty(5)) return { kind: 'unfreeze' };
  if (reader.empty(6)) return { kind: 'close' };
  return { kind: 'set-minimum', minimumMinor: reader.message(7, (inner) => inner.int64(1)) };
}
