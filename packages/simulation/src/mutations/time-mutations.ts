/** Bugs of the time on which most agree (docs/adr/0016): a bucket that runs ahead breaks what it has promised for a while. And of moments (docs/adr/0021). */
import type { Mutation } from './mutation';

export const TIME_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a leader stamps by its own clock',
    why: 'one clock that is set forward ends every lock and authorization of the buckets that its machine leads',
    changes: [
      {
        file: 'resource-manager/src/bucket/bucket-applier',
        find: 'new StampClock(context.clock, () => context.host.agreedMs())',
        replace: 'new StampClock(context.clock, () => context.clock.wallMs())',
      },
    ],
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
    changes: [
      {
        file: 'health/src/clock/agreed-time',
        find: '    else this.aheadSinceMs = null;\n',
        replace: '    else this.offsetMs = now.wallMs - now.monotonicMs;\n',
      },
    ],
    faults: ['clock jumps'],
  },
  {
    name: 'a read chooses its moment without the homes',
    why: 'what was answered before, and is prepared only where it is read, lies behind the moment',
    changes: [
      {
        file: 'resource-manager/src/reads/account-reads',
        find: 'const latestUs = decided.reduce((us, { commitUs }) => Math.max(us, commitUs ?? 0), taken.momentUs);',
        replace: 'const latestUs = taken.momentUs;',
      },
      {
        file: 'resource-manager/src/reads/account-reads',
        find: 'for (const home of homes) if (ledger.ownsSlot(home) || isLeftOut[home] === 1) homes.delete(home);',
        replace: 'homes.clear();',
      },
    ],
  },
  {
    name: 'a read takes its moment from a clock',
    why: 'one that is behind misses what was answered, one that is ahead is no moment of the bucket',
    changes: [
      {
        file: 'resource-manager/src/reads/account-reads',
        find: 'Math.max(ownUs, homesUs), asStored: false',
        replace: 'Math.floor(this.context.clock.wallMs() * 1000), asStored: false',
      },
    ],
    faults: ['clock jumps'],
  },
  {
    name: 'a bucket is read at a moment without being closed there',
    why: 'it may still give a payment a commit time up to that moment',
    changes: [
      {
        file: 'resource-manager/src/reads/closing',
        find: 'if (ledger.momentUs >= us) return null;',
        replace: 'if (ledger.momentUs >= us || us > 0) return null;',
      },
    ],
  },
  {
    name: 'the entry that closes a bucket is not waited for',
    why: 'until it is applied another payment may come to lie before it',
    changes: [
      {
        file: 'resource-manager/src/reads/closing',
        find: 'const failure = await this.proposer.closeAt(us);\n    if (failure !== null) return failure;',
        replace: 'void this.proposer.closeAt(us);\n    if (us > 0) return null;',
      },
    ],
  },
  {
    name: 'a home is asked without being closed at the moment',
    why: 'what it calls undecided it may still decide at an earlier one',
    changes: [
      {
        file: 'resource-manager/src/reads/bucket-reads',
        find: '(await this.closing.at(us)) ?? (await this.served(answer))',
        replace: 'us > 0 ? this.served(answer) : answer()',
      },
    ],
  },
  {
    name: 'a home that is read as of now is asked about the past alone',
    why: 'its leader has not applied, or no longer leads, what was decided and answered before the read',
    changes: [
      {
        file: 'resource-manager/src/reads/account-reads',
        find: '{ closedAtUs: taken.momentUs === 0 ? null : taken.momentUs, isPast: false }',
        replace: '{ closedAtUs: taken.momentUs === 0 ? null : taken.momentUs, isPast: taken.momentUs !== 0 }',
      },
    ],
  },
  {
    name: 'what has moved since the moment is forgotten',
    why: 'the balance of now is given out as that of the moment',
    changes: [
      {
        file: 'resource-manager/src/reads/account-reads',
        find: 'moves.filter(({ account }) => wanted.has(account))',
        replace: 'moves.filter(({ account }) => !wanted.has(account))',
      },
    ],
  },
  {
    name: 'a mark forgets what was open',
    why: 'a payment that was prepared before the mark and told after it is missing at every moment that goes back to the mark',
    changes: [
      {
        file: 'ledger/src/applying',
        find: 'mark = { momentUs, lastSeq, openSeqs: openSeqs.sort((a, b) => a - b) };',
        replace: 'mark = { momentUs, lastSeq, openSeqs: [] };',
      },
      // Else accounts of so short a life have hardly any mark.
      { file: 'ledger/src/applying', find: 'export const MARK_EVERY = 128;', replace: 'export const MARK_EVERY = 4;' },
    ],
    faults: ['crashes', 'rolling restarts'],
  },
];
