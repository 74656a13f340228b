/**
 * From a data folder to a member with its database and its log (docs/adr/0011); the order is what keeps it safe: nothing is claimed
 * before this process is a member, nothing of a log is opened before the database is known to be this folder's.
 */
import { LocalMember, PositionMarks, type ClusterSettings, type Membership, type PeerRefusal } from '@mas/membership';
import { rosterOf, type PlacementMap } from '@mas/placement';
import { present, type Clock, type Logger, type Random, type RmId } from '@mas/values';
import type { AppliedStore, OwnedStore } from '../applied-store';
import type { Digest } from '../digest';
import { BecomingMember } from './becoming-member';
import { beginRun } from './begin-run';
import { claimDatabase } from './database-owner';
import type { FolderIdentity } from './folder-identity';
import { FolderMembership, type NamedDatabase } from './folder-membership';
import { keepMarks } from './keep-marks';
import { meetOthers } from './meet-others';
import type { MemberDesk } from './member-desk';
import type { MembershipClient } from './membership-ports';

/** What a log must be able to say: the number of its last durable batch. */
interface Positioned {
  position(): number;
}

type MemberStore = OwnedStore & Pick<AppliedStore, 'migrate'>;

export interface TakingPart<Store extends MemberStore, Log extends Positioned> {
  readonly rm: RmId;
  /** The first RMs by configuration, ascending; self among them. Who has heard a map since meets those that it names as well. */
  readonly first: readonly RmId[];
  readonly settings: ClusterSettings;
  readonly folder: FolderMembership;
  /** Null: `openEmbedded` opens it once it is known where. */
  readonly database: NamedDatabase<Store> | null;
  /** @param subfolder of the data folder, where this incarnation's data lie; empty: the folder itself */
  openEmbedded(subfolder: string): Promise<NamedDatabase<Store>>;
  openLog(subfolder: string): Log;
  /** Answers for this process from here on. */
  readonly desk: MemberDesk;
  readonly client: MembershipClient;
  /** Told the last map that the folder knows, before anybody that it names is met. */
  readonly onMap: (map: PlacementMap) => void;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This process has heard that it is no member any more; final. */
  readonly onRefused: (refusal: PeerRefusal) => void;
}

export interface Member<Store, Log> {
  readonly membership: Membership;
  readonly identity: FolderIdentity;
  readonly local: LocalMember;
  readonly subfolder: string;
  readonly store: Store;
  readonly log: Log;
  /** The last one that the folder has heard. */
  readonly map: PlacementMap | null;
  readonly keepMap: (map: PlacementMap) => Promise<void>;
  /** Durable when it resolves. Call it once the log has been read back, and before anybody hears of this process. */
  beginRun(random: Random): Promise<void>;
  /** Call it when a run has begun, and before anybody is let in or a bucket is opened. @throws MembershipRefused */
  meetOthers(): Promise<void>;
  /** Stops the writing of marks, with a last one. */
  readonly keepMarks: () => Promise<void>;
}

/** Null: `desk.becoming` was stopped before. @throws MembershipRefused, StoreUnavailable */
export async function takePart<Store extends MemberStore, Log extends Positioned>(ports: TakingPart<Store, Log>): Promise<Member<Store, Log> | null> {
  const { rm, first, settings, folder, desk, client, digest, clock, logger } = ports;
  const keepMap = (map: PlacementMap): Promise<void> => folder.store.saveMap(map);
  const becoming = new BecomingMember({ self: rm, first, settings, identity: folder.identity, client, keepMap, digest, clock, logger });
  desk.becoming = becoming;
  const membership = await becoming.run();
  if (membership === null) return null;
  sayWhatIsRecorded(settings, membership, logger);
  const identity = await folder.settle(membership);
  const subfolder = FolderMembership.subfolder(membership);
  const { store, name } = ports.database ?? (await ports.openEmbedded(subfolder));
  await claimDatabase(store, rm, identity, membership, name);
  const log = ports.openLog(subfolder);
  const local = new LocalMember({
    clusterId: membership.clusterId,
    self: { rm, ordinal: membership.ordinal, incarnation: identity.current().incarnation },
    members: present(identity.current().members, 'members'),
    marks: new PositionMarks(folder.store.loadMarks()),
    position: () => log.position(),
  });
  local.onChange(() => {
    const refusal = local.refusal();
    if (refusal !== null) ports.onRefused(refusal);
  });
  const map = folder.store.loadMap();
  if (map !== null) ports.onMap(map);
  const others = othersThan(rm, first, map);
  return {
    membership,
    identity,
    local,
    subfolder,
    store,
    log,
    map,
    keepMap,
    beginRun: (random) => beginRun(local, log.position(), folder.store, random),
    meetOthers: () => meetOthers({ local, others, client, clock, logger }),
    keepMarks: keepMarks(local, folder.store, clock, logger),
  };
}

/** A cluster keeps the shape that it was founded with. */
function sayWhatIsRecorded({ buckets, replicas }: ClusterSettings, { settings }: Membership, logger: Logger): void {
  if (buckets === settings.buckets && replicas === settings.replicas) return;
  logger.warn(
    { buckets, replicas, founded: { buckets: settings.buckets, replicas: settings.replicas } },
    'the cluster was founded with other --buckets or --replicas than this process is told: what it was founded with counts',
  );
}

/** Also those whom the map does not name, unless they were removed: where this process was told the addresses of another cluster, that one has to say so. */
function othersThan(self: RmId, told: readonly RmId[], map: PlacementMap | null): readonly RmId[] {
  if (map === null) return told.filter((rm) => rm !== self);
  const { removed } = rosterOf(map);
  const known = new Set([...map.resourceManagers.map(({ rm }) => rm), ...told.filter((rm) => !removed.includes(rm))]);
  known.delete(self);
  return [...known].sort((a, b) => a - b);
}
