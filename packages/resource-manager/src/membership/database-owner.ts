/**
 * A Resource Manager is its data folder and its database: each carries the other's name. What does not belong together is
 * found out before a row is read for use, so that nothing of the rightful owner is touched.
 */
import { membershipOf, shortId, type IdentityRecord, type Membership } from '@mas/membership';
import type { RmId } from '@mas/values';
import type { AppliedStore, OwnedStore, StoreOwner, StoreOwnership } from '../applied-store';
import { MembershipRefused } from './becoming-member';
import type { FolderIdentity } from './folder-identity';

/** Reads only. @param database where it is, for messages @throws MembershipRefused, StoreUnavailable */
export async function checkDatabase(store: OwnedStore, rm: RmId, record: IdentityRecord, database: string): Promise<void> {
  const problem = problemOf(await store.ownership(), rm, record);
  if (problem !== null) throw new MembershipRefused(problem.name, `${database} ${problem.message}`);
}

/** Gives the database this folder's name, and the folder the knowledge of that. Call it once this process is a member. @throws MembershipRefused, StoreUnavailable */
export async function claimDatabase(
  store: OwnedStore & Pick<AppliedStore, 'migrate'>,
  rm: RmId,
  identity: FolderIdentity,
  membership: Membership,
  database: string,
): Promise<void> {
  await store.migrate();
  const owner: StoreOwner = { clusterId: membership.clusterId, rm, incarnation: identity.current().incarnation };
  const found = await store.ownership();
  if (found.kind === 'owned' && isPredecessor(found.owner, owner) && identity.current().state.kind === 'admitted') await store.takeOver(owner, found.owner);
  const became = await store.claim(owner);
  const problem = problemOf({ kind: 'owned', owner: became }, rm, identity.current());
  if (problem !== null) throw new MembershipRefused(problem.name, `${database} ${problem.message}`);
  if (!identity.current().hasDatabase) await identity.change({ hasDatabase: true });
}

type Problem = { readonly name: 'DATABASE_OF_ANOTHER' | 'DATABASE_LOST' | 'FOLDER_LOST'; readonly message: string };

function problemOf(ownership: StoreOwnership, rm: RmId, record: IdentityRecord): Problem | null {
  const rejoin = `If that is so for good: start rm-${rm} with --rejoin, and allow it with "mas-client cluster replace-node ${rm}".`;
  switch (ownership.kind) {
    case 'empty':
      if (!record.hasDatabase) return null;
      return { name: 'DATABASE_LOST', message: `is empty, and the data folder has had a database: it is lost, or this is the wrong one. ${rejoin}` };
    case 'unnamed':
      if (!record.hasDatabase && record.isExisting) return null;
      return {
        name: 'FOLDER_LOST',
        message: `has rows of an earlier version, and the data folder is new: the folder is lost, or this is the wrong database. Give each its own one back, or a database that is empty.`,
      };
    case 'owned':
      return problemOfOwner(ownership.owner, rm, record, rejoin);
    default:
      return ownership satisfies never;
  }
}

function problemOfOwner(owner: StoreOwner, rm: RmId, record: IdentityRecord, rejoin: string): Problem | null {
  if (owner.rm === rm && owner.incarnation === record.incarnation) return null;
  const clusterId = membershipOf(record)?.clusterId;
  const theirs = `belongs to rm-${owner.rm} (${owner.incarnation.slice(0, 8)}) of cluster ${owner.clusterId}`;
  const isOwnPast = owner.rm === rm && (clusterId === undefined || clusterId === owner.clusterId);
  // The folder of a lost one begins anew: what it will have to give up is known once it is admitted.
  if (isOwnPast && (record.state.kind === 'rejoining' || (record.state.kind === 'admitted' && !record.hasDatabase))) return null;
  if (isOwnPast)
    return {
      name: 'FOLDER_LOST',
      message: `${theirs}, this folder is another incarnation (${shortId(record.incarnation)}): the folder is lost, or this is the wrong database. ${rejoin}`,
    };
  return {
    name: 'DATABASE_OF_ANOTHER',
    message: `${theirs}; this is rm-${rm}${clusterId === undefined ? '' : ` of cluster ${clusterId}`}. Give each resource manager a database of its own with --db (MAS_DB).`,
  };
}

function isPredecessor(found: StoreOwner, owner: StoreOwner): boolean {
  return found.clusterId === owner.clusterId && found.rm === owner.rm && found.incarnation !== owner.incarnation;
}
