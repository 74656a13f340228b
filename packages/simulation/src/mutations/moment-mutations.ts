/** Bugs of the order of payments: moments that do not rise, and decisions and money that do not come where they belong in it. */
import type { Mutation } from './mutation';

export const MOMENT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a decision before its promises',
    why: 'DECIDE COMMIT does not look at the moments that the legs were promised at',
    changes: [
      {
        file: 'ledger/src/instruction-traits',
        find: 'liesBehind: ({ notBeforeUs }) => (notBeforeUs === null ? NO_BOUND : [notBeforeUs + 1])',
        replace: 'liesBehind: () => NO_BOUND',
      },
    ],
  },
  {
    name: 'money that comes after it is spent',
    why: 'COMMIT leaves the moment of the bucket where the money arrives as it was',
    changes: [
      {
        file: 'ledger/src/instruction-traits',
        find: 'liesBehind: ({ commitUs }) => (commitUs === null ? NO_BOUND : [commitUs])',
        replace: 'liesBehind: () => NO_BOUND',
      },
      { file: 'ledger/src/told-together', find: 'a.beginAt(leg.commitUs ?? 0);', replace: 'a.beginAt(0);' },
    ],
  },
  {
    name: 'two payments at one moment',
    why: 'an instruction may have the moment of the one before',
    changes: [
      {
        file: 'ledger/src/bucket-state',
        find: 'Math.max(this.momentUs + 1, this.stampMs * 1000, notBeforeUs)',
        replace: 'Math.max(this.momentUs, this.stampMs * 1000, notBeforeUs)',
      },
    ],
  },
  {
    name: 'a leg that asks its home forgets when',
    why: 'the verdict of the home is handed on without its commit time',
    changes: [{ file: 'resource-manager/src/homes/leg-ending', find: 'commitUs: verdict.commitUs', replace: 'commitUs: null' }],
    faults: ['deaths at a step', 'delays'],
  },
  {
    name: 'moments begin anew after a restart',
    why: 'the moment of the bucket is not among what is read back',
    changes: [{ file: 'ledger/src/bucket-state', find: 'this.momentUs = meta.momentUs;', replace: 'this.momentUs = meta.stampMs * 1000;' }],
    faults: ['rolling restarts', 'power cuts'],
  },
  {
    name: 'a backup that is cut behind its moment',
    why: 'the entry that goes beyond the moment is in it, in the bucket where it came first',
    changes: [
      { file: 'resource-manager/src/backup/cut-barriers', find: 'index: isBehind ? entry.index : entry.index - 1', replace: 'index: entry.index' },
      {
        file: 'resource-manager/src/bucket/bucket-applier',
        find: 'if ((reader.checkpoint.meta?.momentUs ?? 0) <= us) return reader;',
        replace: 'if (us > 0) return reader;',
      },
    ],
    faults: ['delays'],
  },
];
