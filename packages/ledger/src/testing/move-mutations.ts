/** Rules of moving slots (docs/adr/0029), each broken once; the adversary that moves them must notice. */
import type { Mutation } from './mutations';

export const MOVE_MUTATIONS: readonly Mutation[] = [
  {
    rule: 'only all rows are adopted',
    file: 'adopt-slots.ts',
    from: "if (parts !== arriving.parts || !sameSums(sums, arriving.sums)) return refusedMove(move, 'INCOMPLETE');",
    to: '',
  },
  { rule: 'a later attempt begins with nothing', file: 'adopt-slots.ts', from: '  a.dropSlots(slots);\n  const begun', to: '  const begun' },
  {
    rule: 'what has declined does not adopt',
    file: 'adopt-slots.ts',
    from: '  if (ended !== null) return moveOutcome(move, ended);\n  // Nor will it begin.\n  moves.took(move, slots);\n',
    to: '  if (ended !== null) return moveOutcome(move, ended);\n',
  },
  {
    rule: 'prepared legs, authorizations, untold outcomes and locks come along',
    file: 'adopt-slots.ts',
    from: '  state.memory.add(arriving.pinned.rows());\n',
    to: '',
  },
  { rule: 'prepared legs are known to be so', file: 'adopt-slots.ts', from: '    pinned.legChanged(row);\n', to: '' },
  { rule: 'untold outcomes are known to be so', file: 'adopt-slots.ts', from: '    pinned.outcomeChanged(row);\n', to: '' },
  { rule: 'locks come along', file: 'adopt-slots.ts', from: '    pinned.lockChanged(row);\n', to: '' },
  { rule: 'tokens rise', file: 'adopt-slots.ts', from: 'state.lockSeq = Math.max(state.lockSeq, handover.lockSeq);', to: '' },
  { rule: 'money comes with its account', file: 'adopt-slots.ts', from: '  state.takeOver(sums, 1);\n', to: '' },
  { rule: 'and leaves', file: 'release-slots.ts', from: '  state.takeOver(sums, -1);\n', to: '' },
  { rule: 'what was released is decided no more', file: 'release-slots.ts', from: '  state.lose(slots);\n', to: '' },
  { rule: 'nor told', file: 'release-slots.ts', from: '  state.memory.remove(pinned);\n', to: '' },
  { rule: 'what is reclaimed is known again', file: 'release-slots.ts', from: '  state.memory.add(departing.pinned.rows());\n', to: '' },
  {
    rule: 'a move that was called off is not released later',
    file: 'release-slots.ts',
    from: "    state.moves.took(move, slots);\n    return moveOutcome(move, { kind: 'reclaimed' });",
    to: "    return moveOutcome(move, { kind: 'reclaimed' });",
  },
  { rule: 'rows of slots that went go', file: 'release-slots.ts', from: '  a.dropSlots(departing.slots);\n', to: '' },
  {
    rule: 'a release that is over does not come again',
    file: 'release-slots.ts',
    from: "  if (highest > move) return { kind: 'over' };\n  if (lowest < move) return null;",
    to: '  if (highest >= 0) return null;',
  },
  {
    rule: 'an adoption lies behind the release',
    file: 'instruction-traits.ts',
    from: 'liesBehind: ({ handover }) => [handover.momentUs + 1]',
    to: 'liesBehind: () => NO_BOUND',
  },
  {
    rule: 'whoever owns a slot speaks for it',
    file: 'slot-cover.ts',
    from: '          add(this.owners, at);\n          this.speakers[at] = place;',
    to: '          add(this.owners, at);\n          if (this.speakers[at] === -1) this.speakers[at] = place;',
  },
  {
    rule: 'an acknowledgement changes nothing at a home that has moved',
    file: 'housekeeping.ts',
    from: 'a.state.semanticsVersion >= SLOTS_MOVE_SINCE ? a.wrongBucket(a.state.homeOf(key)) : null',
    to: 'null',
  },
];
