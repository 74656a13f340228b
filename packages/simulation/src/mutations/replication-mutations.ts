/** Bugs of consensus, of the log on disk and of the applied state's way to SQL. */
import type { Mutation } from './mutation';

export const REPLICATION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'vote not durable',
    why: 'a restarted voter votes again in the same term',
    changes: [
      {
        file: 'raft-log/src/recovery/replayed-group',
        find: 'return GroupLog.recovered(this.state, kept, this.spans);',
        replace: 'return GroupLog.recovered({ ...this.state, hardState: { ...this.state.hardState, vote: undefined } }, kept, this.spans);',
      },
    ],
    faults: ['deaths of voters'],
  },
  {
    name: 'two votes in one term',
    why: 'the vote given is not looked at before the next one',
    changes: [{ file: 'raft/src/core/election', find: '(raft.vote === undefined && raft.leader === undefined) ||', replace: 'raft.leader === undefined ||' }],
  },
  {
    name: 'old-term entries committed by counting',
    why: 'Raft paper figure 8',
    changes: [
      {
        file: 'raft/src/log/raft-log',
        find: 'if (term === 0 || index <= this.commitIndex || !this.matches(term, index)) return false;',
        replace: 'if (term === 0 || index <= this.commitIndex) return false;',
      },
    ],
    faults: ['four reigns'],
  },
  {
    name: 'stale log may lead',
    why: 'votes are given without comparing logs',
    changes: [{ file: 'raft/src/core/election', find: 'if (!canVote || !raft.log.isUpToDate(lastEntryOf(message))) {', replace: 'if (!canVote) {' }],
  },
  {
    name: 'acknowledgement before fsync',
    why: 'what was answered is still in the cache of a machine that dies',
    changes: [{ file: 'raft-log/src/writer/batch-writer', find: 'await file.writeDurably(batch.bytes', replace: 'await file.write(batch.bytes' }],
  },
  {
    name: 'acknowledgement before the write',
    why: 'messages that must follow the disk leave ahead of it',
    changes: [
      {
        file: 'multi-raft/src/group/log-writer',
        find: '    this.deferredHardState = undefined;\n    const startedMs',
        replace:
          "    this.deferredHardState = undefined;\n    for (const response of write.responses) if (response.kind !== 'storage-append-response') this.ready.push(response);\n    this.events.released();\n    const startedMs",
      },
    ],
    faults: ['crashes', 'slow disks', 'power cuts'],
  },
  {
    name: 'appended without the check before',
    why: 'the entry before the new ones is not compared',
    changes: [
      {
        file: 'raft/src/core/append-handling',
        find: 'if (!log.matches(message.prevTerm, message.prevIndex)) {',
        replace: 'if (message.prevIndex > log.lastIndex()) {',
      },
    ],
    faults: ['short reigns'],
  },
  {
    name: 'stale read after leadership loss',
    why: 'a leader of the past asks no quorum before it answers',
    changes: [{ file: 'raft/src/core/reads', find: "if (raft.config.readOnly === 'lease-based' || isOnlyVoter(raft)) {", replace: 'if (raft.isLeader) {' }],
    faults: ['stalls', 'pauses'],
  },
  {
    name: 'reads before the first own entry',
    why: 'a new leader does not know yet what is committed',
    changes: [
      { file: 'raft/src/core/reads', find: 'return raft.log.matches(raft.term, raft.log.committed);', replace: 'return raft.term > 0;' },
      {
        file: 'resource-manager/src/bucket/bucket-applier',
        find: 'if (this.leading || this.leaderTerm === null || this.position.term !== this.leaderTerm) return;',
        replace: 'if (this.leading || this.leaderTerm === null) return;',
      },
    ],
    // Slow disks are what makes the time long between an election and the first commit.
    faults: ['peers cut off', 'slow disks', 'slow disks'],
  },
  {
    name: 'applied index not atomic with the rows',
    why: 'two SQL transactions where one is needed',
    changes: [
      { file: 'testkit/src/applied-store/memory-store', find: '      this.stored.rows.apply(batch);\n', replace: '' },
      {
        file: 'testkit/src/applied-store/memory-store',
        find: '      this.stored.checkpoint = { applied, confState, meta, blob };\n    });',
        replace:
          "      this.stored.checkpoint = { applied, confState, meta, blob };\n    });\n    await this.perform('load', () => this.stored.rows.apply(batch));",
      },
    ],
    faults: ['slow SQL', 'crashes', 'power cuts'],
  },
  {
    name: 'log truncated ahead of SQL',
    why: 'the log is compacted behind what is applied, not behind what is durable',
    changes: [
      { file: 'resource-manager/src/bucket/bucket-applier', find: 'return entryId(this.checkpointer().durable());', replace: 'return entryId(this.position);' },
    ],
    faults: ['slow SQL', 'power cuts'],
  },
  {
    name: 'a row changes while it is written',
    why: 'SQL gets a row as of a later index than its own',
    changes: [{ file: 'resource-manager/src/rows/paged-rows', find: '      cell.given = true;\n', replace: '' }],
  },
  {
    name: 'failed checkpoint taken for done',
    why: 'an error at COMMIT is logged and forgotten',
    changes: [
      {
        file: 'resource-manager/src/bucket/checkpointer',
        find: '        health.writeFailed(store.bucket);\n',
        replace: '        health.writeFailed(store.bucket);\n        break;\n',
      },
    ],
  },
  {
    name: 'dying writer not fenced',
    why: "a dead process's late COMMIT takes effect after its successor has read",
    changes: [
      {
        file: 'testkit/src/applied-store/memory-store',
        find: 'this.stored.dropped || this.stored.writerEpoch !== this.writerEpoch',
        replace: 'this.stored.dropped',
      },
    ],
    faults: ['crashes', 'slow SQL'],
  },
  {
    name: 'outcomes missing from snapshots',
    why: 'what makes retries harmless is not part of the state that is sent',
    changes: [
      {
        file: 'resource-manager/src/bucket/snapshot-stream',
        find: 'for await (const chunk of reader.chunks()) yield',
        replace: "for await (const chunk of reader.chunks()) if (chunk.kind !== 'outcomes') yield",
      },
    ],
    faults: ['membership changes', 'crashes'],
  },
  {
    name: 'locks missing from snapshots',
    why: 'a lock is lost with the move of a replica',
    changes: [
      {
        file: 'resource-manager/src/bucket/snapshot-stream',
        find: 'for await (const chunk of reader.chunks()) yield',
        replace: "for await (const chunk of reader.chunks()) if (chunk.kind !== 'locks') yield",
      },
    ],
    faults: ['membership changes', 'crashes'],
  },
];
