/** Bugs of the time on which most agree (docs/adr/0016): a bucket that runs ahead breaks what it has promised for a while. */
import type { Mutation } from './mutation';

export const TIME_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a leader stamps by its own clock',
    why: 'one clock that is set forward ends every lock and authorization of the buckets that its machine leads',
    changes: [{ file: 'resource-manager/src/bucket/bucket-applier', find: 'new StampClock(context.clock, () => context.host.agreedMs())', replace: 'new StampClock(context.clock, () => context.clock.wallMs())' }],
    faults: ['clock jumps'],
  },
  {
    name: 'an outlier is believed',
    why: 'one clock alone counts as an agreement',
    changes: [{ file: 'health/src/clock/agreed-time', find: 'const needed = Math.floor(this.processes() / 2) + 1;', replace: 'const needed = 1;' }],
    faults: ['clock jumps', 'power cuts'],
  },
  {
    name: 'agreed time is forgotten with the agreement',
    why: 'where no two clocks agree any more, each goes by its own',
    changes: [{ file: 'health/src/clock/agreed-time', find: '    else this.aheadSinceMs = null;\n', replace: '    else this.offsetMs = now.wallMs - now.monotonicMs;\n' }],
    faults: ['clock jumps'],
  },
];
