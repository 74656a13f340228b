/** Bugs of moving slots between buckets (docs/adr/0029): of whoever carries them, of the copy, of what is ordered and of what the map is told. */
import type { Mutation } from './mutation';

const FAULTS = ['slots move'];
const LOSING = ['slots move', 'loss', 'delays'];

export const SLOT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'adopted before the release is committed',
    why: 'the next owner is told at once, with the handover as it will be: valkey and redis flip before the last owner has stopped',
    changes: [
      {
        file: 'resource-manager/src/moves/slots-transfer',
        find: 'const [fate] = await proposer.submit([instruction]);',
        replace: `{
          const { ledger } = applier.state();
          const early = { lockSeq: ledger.meta().lockSeq, momentUs: ledger.momentUs, momentsSinceUs: ledger.momentsSinceUs, lastSeq: 0, semanticsVersion: ledger.semanticsVersion, policyVersion: 0 };
          await this.sender.adopt(early, sums.with(watch.made(), 0));
        }
        const [fate] = await proposer.submit([instruction]);`,
      },
    ],
    faults: FAULTS,
  },
  {
    name: 'locks do not come along',
    why: 'a lock is taken for something of this bucket alone',
    changes: [
      {
        file: 'resource-manager/src/moves/slots-transfer',
        find: 'const locks = applier.state().ledger.departingLocks(number);',
        replace: 'const locks = applier.state().ledger.departingLocks(number).slice(0, 0);',
      },
    ],
    faults: FAULTS,
  },
  {
    name: 'outcomes do not come along',
    why: 'only what accounts have is copied: vitess 20002, the role of the coordinator is forgotten',
    changes: [
      {
        file: 'resource-manager/src/moves/slots-transfer',
        find: "const copy = await SlotsCopy.take(applier, context, this.move.slots, ['accounts', 'legs', 'outcomes']);",
        replace: "const copy = await SlotsCopy.take(applier, context, this.move.slots, ['accounts', 'legs']);",
      },
    ],
    faults: FAULTS,
  },
  {
    name: 'ended legs do not come along',
    why: 'only what is still undecided is taken for worth copying: idempotency and histories stay behind',
    changes: [
      {
        file: 'resource-manager/src/moves/slots-copy',
        find: "return { kind: 'legs', rows: chunk.rows.filter(isOwn) };",
        replace: "return { kind: 'legs', rows: chunk.rows.filter((row) => isOwn(row) && (row.journal !== null || row.state === 'prepared')) };",
      },
    ],
    faults: FAULTS,
  },
  {
    name: 'rows of before are not dropped',
    why: 'a sweep that has not come to its end when the slots come back: valkey 2724',
    changes: [{ file: 'resource-manager/src/rows/row-table', find: 'this.droppedSlots.push(slots);', replace: '' }],
    faults: FAULTS,
  },
  {
    name: 'dropped rows are loaded again',
    why: 'what the database still has of slots that went is taken for what there is',
    changes: [
      {
        file: 'resource-manager/src/rows/row-table',
        find: 'if (this.droppedSlots.length === 0 && this.slotsBeingDropped.length === 0) return false;',
        replace: 'if (this.droppedSlots.length + this.slotsBeingDropped.length >= 0) return false;',
      },
    ],
    faults: ['slots move', 'slow SQL'],
  },
  {
    name: 'the map is told before the logs decide',
    why: 'the release is taken for the end',
    changes: [
      {
        file: 'resource-manager/src/drivers/move-carrier',
        find: "case 'departing': if (move.calledOff) return this.callOff(move, CALLED_OFF);",
        replace: "case 'departing': await this.orders.ended(move.number, 'adopted'); if (move.calledOff) return this.callOff(move, CALLED_OFF);",
      },
    ],
    faults: LOSING,
  },
  {
    name: 'the map is never told',
    why: 'whoever carries a move out forgets to say that it is over',
    changes: [
      {
        file: 'resource-manager/src/drivers/map-orders',
        find: "const reply = await this.ports.ask({ kind: 'end-move', move, isAdopted: end === 'adopted' });",
        replace:
          "const reply: ParticipantReply = end === 'adopted' ? { kind: 'no-replica' } : await this.ports.ask({ kind: 'end-move', move, isAdopted: false });",
      },
    ],
    faults: FAULTS,
  },
  {
    name: 'two moves of one slot',
    why: 'slots that are on their way are ordered elsewhere',
    changes: [
      {
        file: 'placement/src/slots-changes',
        find: 'const other = moves.find((move) => overlap(move.slots, slots));',
        replace: 'const other = moves.find((move) => overlap(move.slots, slots) && move.to === to);',
      },
    ],
    faults: FAULTS,
  },
];
