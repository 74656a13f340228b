/**
 * The data folder's part in who this process is: which identity counts, and where the data of each incarnation lie. A folder that
 * is kept while its database is lost gets a new incarnation in place: until that is admitted, the old one stays untouched.
 */
import { membershipOf, type IdentityRecord, type Membership } from '@mas/membership';
import type { Logger, RmId } from '@mas/values';
import type { OwnedStore } from '../applied-store';
import { beginningOf, MembershipRefused, newIdentity } from './becoming-member';
import { checkDatabase } from './database-owner';
import { FolderIdentity } from './folder-identity';
import type { Arrival, IdentityStore, MemberFolder } from './membership-ports';

/** A database that this process was told to use, not yet migrated. @param name where it is, for messages */
export interface NamedDatabase<Store = OwnedStore> {
  readonly store: Store;
  readonly name: string;
}

export class FolderMembership {
  private constructor(
    private readonly folder: MemberFolder,
    readonly store: IdentityStore,
    readonly identity: FolderIdentity,
  ) {}

  /** What the folder says; where it says nothing yet, what it will. */
  static recordOf(folder: MemberFolder, arrival: Arrival): IdentityRecord {
    const record = folder.records('identity').load() ?? newIdentity(folder.newIncarnation(), beginningOf(arrival, folder.hasLog()));
    const { kind } = record.state;
    const isUndecided = kind === 'alone' || kind === 'joining' || kind === 'rejoining';
    // Whoever waits, or was alone, may be told to come another way.
    if (!isUndecided || arrival === 'founds') return record;
    const beginning = beginningOf(arrival, false);
    return kind === beginning ? record : newIdentity(record.incarnation, beginning);
  }

  /**
   * @param database null: embedded, a part of the folder
   * @throws MembershipRefused when folder and database do not belong together; nothing was changed then
   */
  static async open(folder: MemberFolder, rm: RmId, arrival: Arrival, database: NamedDatabase | null, logger: Logger): Promise<FolderMembership> {
    const rejoin = arrival === 'rejoins';
    const store = folder.records('identity');
    const kept = store.load();
    const joining = FolderMembership.recordOf(folder, arrival);
    const lost = await whatIsLost(database, rm, joining, folder);
    if (lost !== null) {
      if (!rejoin || membershipOf(joining) === null || lost.reason !== 'DATABASE_LOST') throw lost;
      logger.warn({ reason: lost.reason }, 'the database is lost: this folder asks to be admitted as a new incarnation');
      return FolderMembership.renewed(folder, rm, joining, database);
    }
    if (rejoin && membershipOf(joining) !== null) logger.info({}, 'this folder is that of a member: --rejoin is not needed');
    if (kept === null || kept.state.kind !== joining.state.kind) await store.save(joining);
    return new FolderMembership(folder, store, new FolderIdentity(store, joining));
  }

  /** Below the folder: where this incarnation's data lie. Empty: in the folder itself. */
  static subfolder({ ordinal }: Pick<Membership, 'ordinal'>): string {
    return ordinal === 0 ? '' : `incarnation-${ordinal}`;
  }

  /** From here on the incarnation is the folder's own, and what earlier ones have left goes. @returns the owner of what the folder says from now on */
  async settle(membership: Membership): Promise<FolderIdentity> {
    const store = this.folder.records('identity');
    const record = this.identity.current();
    await store.save(record);
    await this.folder.forgetNext();
    if (membership.ordinal > 0) await this.folder.removeBefore(membership.ordinal);
    return new FolderIdentity(store, record);
  }

  private static async renewed(folder: MemberFolder, rm: RmId, last: IdentityRecord, database: NamedDatabase | null): Promise<FolderMembership> {
    const store = folder.records('next identity');
    const found = store.load();
    // The folder's own by now, left by a process that died while it settled: it has lost its database like any other.
    const kept = found?.incarnation === last.incarnation ? null : found;
    const record = kept ?? newIdentity(folder.newIncarnation(), 'rejoining');
    if (database !== null) await checkDatabase(database.store, rm, record, database.name);
    if (kept === null) await store.save(record);
    return new FolderMembership(folder, store, new FolderIdentity(store, record));
  }
}

async function whatIsLost(database: NamedDatabase | null, rm: RmId, record: IdentityRecord, folder: MemberFolder): Promise<MembershipRefused | null> {
  if (database === null)
    return embeddedIsLost(record, folder)
      ? new MembershipRefused(
          'DATABASE_LOST',
          `${folder.path} has lost its embedded database, and the log alone is not enough. If it is lost for good: start rm-${rm} with --rejoin, and allow it with "mas-client cluster replace-node ${rm}".`,
        )
      : null;
  try {
    await checkDatabase(database.store, rm, record, database.name);
    return null;
  } catch (error) {
    if (error instanceof MembershipRefused) return error;
    throw error;
  }
}

function embeddedIsLost(record: IdentityRecord, folder: MemberFolder): boolean {
  const membership = membershipOf(record);
  return membership !== null && record.hasDatabase && !folder.hasDatabase(membership.ordinal);
}
