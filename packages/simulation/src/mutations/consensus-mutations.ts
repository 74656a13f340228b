/** More bugs of consensus, of which real systems had each. */
import type { Mutation } from './mutation';

export const CONSENSUS_MUTATIONS: readonly Mutation[] = [
  {
    name: 'late heartbeat answers confirm a younger read',
    why: 'an answer counts for whatever waits when it comes (etcd 20418)',
    changes: [
      {
        file: 'raft/src/core/leader',
        find: 'handleReadAcknowledgement(raft, message.from, message.readSequence);',
        replace: 'handleReadAcknowledgement(raft, message.from, message.readSequence === 0 ? message.readSequence : raft.reads.newestSequence);',
      },
    ],
    faults: ['late answers'],
  },
  {
    name: 'less than half is enough',
    why: 'a quorum is counted one short',
    changes: [{ file: 'raft/src/quorum/majority', find: 'return Math.floor(count / 2) + 1;', replace: 'return Math.max(1, Math.floor(count / 2));' }],
  },
];
