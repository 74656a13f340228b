/** Bugs of how machines that are half broken are found out and left (docs/adr/0013): nothing that is promised breaks, only nobody is served, or nothing stays where it is. */
import type { Mutation } from './mutation';

export const HALF_BROKEN_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the failed one is asked again',
    why: 'whom nothing was heard of is forgotten with the request that it failed',
    changes: [
      {
        file: 'placement/src/silences',
        find: 'this.unanswered.set(rm, { sinceMs, askedMs: sinceMs, silentFromMs: nowMs, livedMs: null });',
        replace: 'return;',
      },
      { file: 'placement/src/silences', find: 'else known.silentFromMs ??= nowMs;', replace: 'else this.unanswered.delete(rm);' },
      { file: 'placement/src/route-search', find: '    this.tried.set(rm, {', replace: "    if (end.kind !== 'silent') this.tried.set(rm, {" },
    ],
    faults: ['single links'],
  },
  {
    name: 'a verdict that never heals',
    why: 'who once ailed goes last for ever',
    changes: [
      { file: 'health/src/complaint', find: '    else if (this.isDeclared && this.quietMs(nowMs) >= this.holdMs) this.withdraw(nowMs);\n', replace: '' },
    ],
    faults: ['limping disks'],
  },
  {
    name: 'hand-over to the sick',
    why: 'who ails gives its groups to whoever has the whole log',
    changes: [
      {
        file: 'multi-raft/src/group/handover',
        find: 'return successors(replica).find((node) => replica.host.isWell(node));',
        replace: 'return successors(replica)[0];',
      },
    ],
    faults: ['SQL everywhere'],
  },
  {
    name: 'no hold after a hand-over',
    why: 'a group goes on as soon as something is wrong with where it has just come to',
    changes: [
      { file: 'multi-raft/src/group/handover', find: '  if (host.tick() - heldSince < ticksIn(host.config, host.config.holdMs)) return;\n', replace: '' },
    ],
    faults: ['limping disks', 'stalls'],
  },
  {
    name: 'a relay answers for its leader',
    why: 'a replica that is behind denies what its leader has recorded',
    changes: [
      {
        file: 'resource-manager/src/relay',
        find: '    if (this.inFlight >= maxRelayed)',
        replace:
          "    if (request.kind === 'query') return { kind: 'queried', outcomes: request.keys.map(() => null) };\n    if (request.kind === 'list-legs') return { kind: 'legs', legs: [], nextCursorSeq: null };\n    if (this.inFlight >= maxRelayed)",
      },
    ],
    faults: ['single links', 'delays'],
  },
];
