/** Answers about accounts: written by the server, read by MasClient (which skips fields that it does not know). */
import type { AccountView } from '@mas/transaction-coordinator';
import { ACCOUNT_STATUSES } from '../codec/row-messages';
import { READ_LEVELS } from '../codec/participant-request-messages';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

export interface CreatedAccount {
  readonly account: AccountView;
  /** False: a repetition of an earlier request. */
  readonly created: boolean;
  /** The account's own token; null where the server signs none. */
  readonly token: string | null;
  readonly tokenExpiresAtMs: number | null;
}

export interface AccountPage {
  readonly accounts: readonly AccountView[];
  readonly nextCursor: string | null;
}

export function writeAccountView(writer: WireWriter, view: AccountView): void {
  writer.text(1, view.number);
  writer.text(2, view.currency);
  writer.enumeration(3, ACCOUNT_STATUSES, view.status);
  writer.text(4, view.owner);
  writer.int64(5, view.balanceMinor);
  writer.int64(6, view.minimumMinor);
  writer.optionalInt64(7, view.holdsMinor);
  writer.optionalInt64(8, view.pendingCreditsMinor);
  writer.enumeration(9, READ_LEVELS, view.level);
  writer.optionalUint(10, view.ageMs === null ? null : Math.max(0, Math.round(view.ageMs)));
  writer.uint(11, view.rev);
  writer.uint(12, view.createdAtMs);
  writer.uint(13, view.bucket);
  writer.optionalUint(14, view.leader);
  writer.optionalUint(15, view.momentUs);
}

export function readAccountView(reader: WireReader): AccountView {
  return {
    number: reader.account(1),
    currency: reader.currency(2),
    status: reader.enumeration(3, ACCOUNT_STATUSES),
    owner: reader.text(4),
    balanceMinor: reader.int64(5),
    minimumMinor: reader.int64(6),
    holdsMinor: reader.optionalInt64(7),
    pendingCreditsMinor: reader.optionalInt64(8),
    level: reader.enumeration(9, READ_LEVELS),
    ageMs: reader.optionalUint(10),
    rev: reader.uint(11),
    createdAtMs: reader.uint(12),
    bucket: reader.bucket(13),
    leader: reader.optionalRm(14),
    momentUs: reader.optionalUint(15),
  };
}

export function writeCreatedAccount(writer: WireWriter, created: CreatedAccount): void {
  writer.message(1, created.account, writeAccountView);
  writer.bool(2, created.created);
  writer.text(3, created.token ?? '');
  writer.uint(4, created.tokenExpiresAtMs ?? 0);
}

export function readCreatedAccount(reader: WireReader): CreatedAccount {
  const account = reader.message(1, readAccountView);
  const created = reader.bool(2);
  const token = reader.text(3);
  const tokenExpiresAtMs = reader.uint(4);
  return { account, created, token: token === '' ? null : token, tokenExpiresAtMs: token === '' ? null : tokenExpiresAtMs };
}

/** GetAccountResponse and ChangeAccountResponse. */
export function writeOneAccount(writer: WireWriter, view: AccountView): void {
  writer.message(1, view, writeAccountView);
}

export function readOneAccount(reader: WireReader): AccountView {
  return reader.message(1, readAccountView);
}

export function writeAccounts(writer: WireWriter, views: readonly AccountView[]): void {
  writer.messages(1, views, writeAccountView);
}

export function readAccounts(reader: WireReader): readonly AccountView[] {
  return reader.messages(1, readAccountView);
}

export function writeAccountPage(writer: WireWriter, page: AccountPage): void {
  writer.messages(1, page.accounts, writeAccountView);
  writer.text(2, page.nextCursor ?? '');
}

export function readAccountPage(reader: WireReader): AccountPage {
  return { accounts: reader.messages(1, readAccountView), nextCursor: readCursor(reader, 2) };
}

/** An empty cursor is the last page's. */
export function readCursor(reader: WireReader, field: number): string | null {
  const cursor = reader.text(field);
  return cursor === '' ? null : cursor;
}
