/**
 * What each end of a connection between nodes says of itself, and what the other end makes of it. A refusal is final (the
 * refused one ends) unless it is a matter of who has heard the news first.
 */
import type { RmId } from '@mas/values';
import { shortId, type ClusterId, type Incarnation, type MemberIdentity, type Ordinal } from './identity';
import type { MemberTable } from './member-table';
import type { PositionMark, PositionMarks } from './position-marks';
import { endOfRun, hasBeenAt, type RunStart } from './run-history';

/** Of an RM that is a member. A Transaction Manager names the cluster only. */
export interface PeerName extends MemberIdentity {
  readonly clusterId: ClusterId;
  /** Number of the last batch that its log holds durably. */
  readonly position: number;
  /** The starts behind its data folder, the running one last. */
  readonly runs: readonly RunStart[];
  /** Version of the table of members that it knows: who is told by a newer one than this end's may have joined since. */
  readonly table: number;
}

export const PEER_REFUSALS = [
  'ANOTHER_CLUSTER',
  'UNKNOWN_RESOURCE_MANAGER',
  'REMOVED_RESOURCE_MANAGER',
  'REPLACED_INCARNATION',
  'OTHER_INCARNATION',
  'OLD_COPY',
  'STILL_HEARD',
  'NOT_KNOWN_YET',
  'OTHER_RESOURCE_MANAGER',
  'NO_NAME',
] as const;

export interface PeerRefusal {
  readonly name: (typeof PEER_REFUSALS)[number];
  /** One sentence that says what is wrong, and one that says what to do. */
  readonly message: string;
  /** False: the same may be welcome a moment later. */
  readonly isFinal: boolean;
  /**
   * OLD_COPY: where others have heard its log to be. What was judged may have been said before others heard of that, so who is
   * refused compares it with its own log. Null for all others.
   */
  readonly mark: Pick<PositionMark, 'run' | 'position'> | null;
}

export interface Known {
  readonly clusterId: ClusterId;
  readonly members: MemberTable;
  readonly marks: PositionMarks;
}

/** @param known what this end knows; null: the peer is welcome. */
export function judgePeer(known: Known, peer: PeerName): PeerRefusal | null {
  const elsewhere = judgeCluster(known.clusterId, peer.clusterId, `rm-${peer.rm}`);
  if (elsewhere !== null) return elsewhere;
  const member = known.members.of(peer.rm);
  if (member === undefined) return judgeNoMember(known, peer);
  if (peer.ordinal > member.ordinal)
    return { name: 'NOT_KNOWN_YET', message: `The ${nth(peer.ordinal)} incarnation of rm-${peer.rm} is not known here yet.`, isFinal: false, mark: null };
  if (peer.ordinal < member.ordinal)
    return final(
      'REPLACED_INCARNATION',
      `This incarnation of rm-${peer.rm} (${shortId(peer.incarnation)}) was replaced by ${shortId(member.incarnation)}. Stop it for good; its data folder is of no use any more.`,
    );
  if (peer.incarnation !== member.incarnation)
    return final(
      'OTHER_INCARNATION',
      `rm-${peer.rm} is recorded as incarnation ${shortId(member.incarnation)}, this one is ${shortId(peer.incarnation)}. ${REJOIN(peer.rm)}`,
    );
  const mark = known.marks.of(peer.rm, peer.ordinal);
  return mark === null ? null : judgeLog(peer, mark);
}

/** It may have joined by a table that this end has yet to hear of (docs/adr/0022). */
function judgeNoMember({ clusterId, members }: Known, peer: PeerName): PeerRefusal {
  if (members.removed.includes(peer.rm))
    return final(
      'REMOVED_RESOURCE_MANAGER',
      `rm-${peer.rm} was removed from cluster ${shortId(clusterId)}. Stop it for good; its data folder is of no use any more.`,
    );
  if (peer.table > members.version) return { name: 'NOT_KNOWN_YET', message: `rm-${peer.rm} is not known here yet.`, isFinal: false, mark: null };
  return final(
    'UNKNOWN_RESOURCE_MANAGER',
    `Cluster ${shortId(clusterId)} has no rm-${peer.rm}. Its resource managers are ${list(members)}; stop this one, or give it the id and the data folder of one of them.`,
  );
}

/** Of one that would be welcome, while the process before it on the same data is heard all the same. It may have been killed a moment ago: not final. */
export function stillHeard({ rm, incarnation }: Pick<PeerName, 'rm' | 'incarnation'>): PeerRefusal {
  return {
    name: 'STILL_HEARD',
    message: `Another process speaks as rm-${rm} (${shortId(incarnation)}): the same data folder, or a copy of it, is in use. Stop the one that is not meant.`,
    isFinal: false,
    mark: null,
  };
}

/** Null: the log has been where the mark says. */
export function judgeLog({ rm, position, runs }: PeerName, { run, position: marked }: Pick<PositionMark, 'run' | 'position'>): PeerRefusal | null {
  if (hasBeenAt(runs, { run, position: marked })) return null;
  const end = endOfRun(runs, run);
  const found =
    end === null
      ? `is a copy of an earlier time, or in use twice: its log ends with batch ${position}, others have had batch ${marked} from it, of a start (${run}) that this folder knows nothing of, so it has forgotten what it acknowledged.`
      : `is a copy of an earlier time: its log ended with batch ${end}, others have had batch ${marked} from it, so it has forgotten what it acknowledged.`;
  return { ...final('OLD_COPY', `The data of rm-${rm} ${found} ${REJOIN(rm)}`), mark: { run, position: marked } };
}

/** The same about oneself: a table that does not have this incarnation yet says nothing against it. */
export function judgeOneself(known: Known, self: PeerName): PeerRefusal | null {
  const refusal = judgePeer(known, self);
  return refusal?.isFinal === true ? refusal : null;
}

/** For those who name a cluster only. @param who such as `tc-1`, for the sentence. */
export function judgeCluster(own: ClusterId, theirs: ClusterId, who: string): PeerRefusal | null {
  if (own === theirs) return null;
  return final(
    'ANOTHER_CLUSTER',
    `${who} belongs to cluster ${theirs}, this is cluster ${own}. Check the addresses in --cluster: two clusters must not name each other's processes.`,
  );
}

const REJOIN = (rm: RmId): string =>
  `If its disk is lost for good: start it with an empty folder and --rejoin, and allow it with "mas-client cluster replace-node ${rm}".`;

function final(name: PeerRefusal['name'], message: string): PeerRefusal {
  return { name, message, isFinal: true, mark: null };
}

function nth(admitted: Ordinal): string {
  return `${admitted + 1}.`;
}

function list(members: MemberTable): string {
  return members
    .members()
    .map(({ rm }) => `rm-${rm}`)
    .join(', ');
}

/** For messages of those who were told who else there is. */
export function describeMember(member: { readonly rm: RmId; readonly incarnation: Incarnation }): string {
  return `rm-${member.rm} (${shortId(member.incarnation)})`;
}
