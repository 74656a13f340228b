/**
 * The data folder's part in who this process is: which identity counts, and where the data of each incarnation lie. A folder that
 * is kept while its database is lost gets a new incarnation in place: until that is admitted, the old one stays untouched.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { incarnation, membershipOf, type IdentityRecord, type Membership } from '@mas/membership';
import { checkDatabase, FolderIdentity, MembershipRefused, newIdentity, type OwnedStore } from '@mas/resource-manager';
import type { Logger, RmId } from '@mas/values';
import type { DataFolder } from '../platform/data-folder';
import { FolderIdentityStore } from '../platform/folder-identity-store';

const INCARNATION_BYTES = 16;
const LATER = /^incarnation-\d+$/;

export class FolderMembership {
  private constructor(
    private readonly folder: DataFolder,
    readonly store: FolderIdentityStore,
    readonly identity: FolderIdentity,
  ) {}

  /**
   * @param database that this process was told to use, not yet migrated; null: embedded, a part of the folder
   * @throws MembershipRefused when folder and database do not belong together; nothing was changed then
   */
  static async open(folder: DataFolder, rm: RmId, rejoin: boolean, database: { readonly store: OwnedStore; readonly name: string } | null, logger: Logger): Promise<FolderMembership> {
    const store = new FolderIdentityStore(folder);
    const kept = store.load();
    const record = kept ?? newIdentity(newIncarnation(), rejoin ? 'rejoining' : hasLog(folder.path) ? 'existing' : 'new');
    const joining = rejoin && record.state.kind === 'alone' ? newIdentity(record.incarnation, 'rejoining') : record;
    const lost = await whatIsLost(database, rm, joining, folder.path);
    if (lost !== null) {
      if (!rejoin || membershipOf(joining) === null || lost.reason !== 'DATABASE_LOST') throw lost;
      logger.warn({ reason: lost.reason }, 'the database is lost: this folder asks to be admitted as a new incarnation');
      return FolderMembership.renewed(folder, rm, database);
    }
    if (rejoin && membershipOf(joining) !== null) logger.info({}, 'this folder is that of a member: --rejoin is not needed');
    if (joining !== kept) await store.save(joining);
    return new FolderMembership(folder, store, new FolderIdentity(store, joining));
  }

  /** Where this incarnation's data lie. */
  root({ ordinal }: Membership): string {
    return ordinal === 0 ? this.folder.path : join(this.folder.path, `incarnation-${ordinal}`);
  }

  /** From here on the incarnation is the folder's own, and what earlier ones have left goes. @returns the owner of what the folder says from now on */
  async settle(membership: Membership): Promise<FolderIdentity> {
    const store = new FolderIdentityStore(this.folder);
    const record = this.identity.current();
    await store.save(record);
    this.folder.forget('next identity');
    if (membership.ordinal > 0) this.removeEarlier(membership);
    return new FolderIdentity(store, record);
  }

  private removeEarlier(membership: Membership): void {
    const current = `incarnation-${membership.ordinal}`;
    for (const name of readdirSync(this.folder.path)) {
      const isEarlier = name === 'log' || name === 'snapshots' || (LATER.test(name) && name !== current) || (name.endsWith('.db') && name !== 'owner.db') || /\.db-(?:wal|shm)$/.test(name);
      if (isEarlier && !name.startsWith('owner.db')) rmSync(join(this.folder.path, name), { recursive: true, force: true });
    }
  }

  private static async renewed(folder: DataFolder, rm: RmId, database: { readonly store: OwnedStore; readonly name: string } | null): Promise<FolderMembership> {
    const store = new FolderIdentityStore(folder, 'next identity');
    const kept = store.load();
    const record = kept ?? newIdentity(newIncarnation(), 'rejoining');
    if (database !== null) await checkDatabase(database.store, rm, record, database.name);
    if (kept === null) await store.save(record);
    return new FolderMembership(folder, store, new FolderIdentity(store, record));
  }
}

async function whatIsLost(database: { readonly store: OwnedStore; readonly name: string } | null, rm: RmId, record: IdentityRecord, path: string): Promise<MembershipRefused | null> {
  if (database === null) return embeddedIsLost(record, path) ? new MembershipRefused('DATABASE_LOST', `${path} has lost its embedded database, and the log alone is not enough. If it is lost for good: start rm-${rm} with --rejoin, and allow it with "mas-client cluster replace-node ${rm}".`) : null;
  try {
    await checkDatabase(database.store, rm, record, database.name);
    return null;
  } catch (error) {
    if (error instanceof MembershipRefused) return error;
    throw error;
  }
}

function embeddedIsLost(record: IdentityRecord, path: string): boolean {
  const membership = membershipOf(record);
  if (membership === null || !record.hasDatabase) return false;
  const root = membership.ordinal === 0 ? path : join(path, `incarnation-${membership.ordinal}`);
  return !existsSync(root) || !readdirSync(root).some((name) => name.endsWith('.db') && name !== 'owner.db');
}

function hasLog(path: string): boolean {
  const log = join(path, 'log');
  return existsSync(log) && readdirSync(log).length > 0;
}

function newIncarnation(): IdentityRecord['incarnation'] {
  return incarnation(randomBytes(INCARNATION_BYTES).toString('hex'));
}
