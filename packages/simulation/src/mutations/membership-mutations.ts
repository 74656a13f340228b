/** Bugs of who a replica is: what has forgotten something, or is no member, is believed. */
import type { Mutation } from './mutation';

export const MEMBERSHIP_MUTATIONS: readonly Mutation[] = [
  {
    name: 'founding instead of joining',
    why: 'an empty folder that hears of a founded cluster takes part in the founding once more, and begins its groups anew',
    changes: [
      {
        file: 'membership/src/founding',
        find: 'if (recorded.incarnation !== own.self.incarnation) {',
        replace: "if (recorded.incarnation !== own.self.incarnation && state.kind !== 'member') {",
      },
    ],
    faults: ['lost disks'],
  },
  {
    name: 'a vote after amnesia',
    why: 'a new disk is admitted under the Raft id of the lost one, and how far that one was known to be counts for nothing',
    changes: [
      {
        file: 'resource-manager/src/meta/meta-command',
        find: 'ordinal: ordinal(node.ordinal + 1), isLost: false',
        replace: 'ordinal: ordinal(node.ordinal), isLost: false',
      },
      {
        file: 'membership/src/peer-name',
        find: 'return mark === null ? null : judgeLog(peer, mark);',
        replace: 'return mark === null || mark.position > 0 ? null : judgeLog(peer, mark);',
      },
    ],
    faults: ['lost disks'],
  },
  {
    name: 'incarnation not compared',
    why: 'whoever names the right cluster and Resource Manager is let in, a disk that was given up as well',
    changes: [
      { file: 'membership/src/peer-name', find: 'if (peer.ordinal < member.ordinal) return final(', replace: 'if (peer.ordinal < 0) return final(' },
      {
        file: 'membership/src/peer-name',
        find: 'if (peer.incarnation !== member.incarnation) return final(',
        replace: 'if (peer.incarnation.length !== member.incarnation.length) return final(',
      },
    ],
    faults: ['lost disks', 'lost disks'],
  },
  {
    name: 'an old copy accepted',
    why: 'nobody compares how far a log was known to be',
    changes: [
      {
        file: 'membership/src/peer-name',
        find: 'return mark === null ? null : judgeLog(peer, mark);',
        replace: 'return mark === null || mark.position > 0 ? null : judgeLog(peer, mark);',
      },
    ],
    faults: ['old copies'],
  },
  {
    name: 'cluster id not compared',
    why: 'a process is asked who it is, not whose',
    changes: [{ file: 'membership/src/peer-name', find: 'if (own === theirs) return null;', replace: 'if (own.length === theirs.length) return null;' }],
    faults: ['crossed clusters'],
  },
  {
    name: 'a change of members may come undone',
    why: 'a change is called over once it is applied, though nobody may have written down that it was committed',
    changes: [
      { file: 'multi-raft/src/group/replica-changes', find: "return changed === 'done' ? await isKept(replica) : changed;", replace: 'return changed;' },
      {
        file: 'multi-raft/src/group/group-status',
        find: 'formerVoters: replica.formerVoters.beside([...replica.voters, ...replica.applies.confState.votersOutgoing]).map(memberOf),',
        replace: 'formerVoters: [],',
      },
    ],
    faults: ['lost disks', 'old copies', 'power cuts', 'power cuts'],
  },
  {
    name: 'each replica founds a new bucket',
    why: 'whoever hears of a bucket before others have told it of a leader begins its group',
    changes: [
      {
        file: 'resource-manager/src/resource-manager',
        find: 'return founder?.rm === self.rm && founder.ordinal === self.ordinal ?',
        replace: 'return founder !== null ?',
      },
    ],
    faults: ['buckets come and go'],
  },
  {
    name: 'a retired bucket is kept by those that were down',
    why: 'the leader of the group is asked, and there is none any more',
    changes: [
      {
        file: 'resource-manager/src/nodes/replica-keeper',
        find: "if (role === 'stopped' || !isRetired(",
        replace: "if (role === 'stopped' || role !== 'leader' || !isRetired(",
      },
    ],
    faults: ['buckets come and go', 'crashes'],
  },
];
