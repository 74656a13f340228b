/** Slots that move between buckets (docs/adr/0029): what the buckets are told, what they answer, and what each keeps of it. */
import {
  MOVE_REFUSALS,
  NO_MOVES,
  type AdoptSlots,
  type Arrival,
  type BeginImport,
  type ConfirmRelease,
  type DeclineImport,
  type Departure,
  type Handover,
  type ImportRows,
  type MovedRange,
  type MovedSums,
  type MoveStage,
  type ReclaimSlots,
  type ReleaseSlots,
  type SlotHoldings,
  type SlotMoves,
} from '@mas/ledger';
import { unreachable } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readTotals, writeTotals } from './currency-totals';
import { readSlotRange, writeSlotRange } from './policy-messages';
import { readAccountRow, readLegRow, readLockRow, readOutcomeRow, writeAccountRow, writeLegRow, writeLockRow, writeOutcomeRow } from './row-messages';

type OfMove = Pick<BeginImport, 'move' | 'slots'>;

export function writeBeginImport(writer: WireWriter, begin: BeginImport): void {
  writeOfMove(writer, begin);
  writer.uint(3, begin.from);
  writer.uint(4, begin.attempt);
}

export function readBeginImport(reader: WireReader): BeginImport {
  return { kind: 'begin-import', ...readOfMove(reader), from: reader.bucket(3), attempt: reader.uint(4) };
}

export function writeImportRows(writer: WireWriter, imported: ImportRows): void {
  writeOfMove(writer, imported);
  writer.uint(3, imported.attempt);
  writer.uint(4, imported.part);
  writer.messages(5, imported.rows.accounts, writeAccountRow);
  writer.messages(6, imported.rows.legs, writeLegRow);
  writer.messages(7, imported.rows.outcomes, writeOutcomeRow);
  writer.messages(8, imported.rows.locks, writeLockRow);
}

export function readImportRows(reader: WireReader): ImportRows {
  return {
    kind: 'import-rows',
    ...readOfMove(reader),
    attempt: reader.uint(3),
    part: reader.uint(4),
    rows: {
      accounts: reader.messages(5, readAccountRow),
      legs: reader.messages(6, readLegRow),
      outcomes: reader.messages(7, readOutcomeRow),
      locks: reader.messages(8, readLockRow),
    },
  };
}

export function writeAdoptSlots(writer: WireWriter, adopt: AdoptSlots): void {
  writeOfMove(writer, adopt);
  writer.uint(3, adopt.attempt);
  writer.uint(4, adopt.parts);
  writer.message(5, adopt.sums, writeMovedSums);
  writer.message(6, adopt.handover, writeHandover);
}

export function readAdoptSlots(reader: WireReader): AdoptSlots {
  return {
    kind: 'adopt-slots',
    ...readOfMove(reader),
    attempt: reader.uint(3),
    parts: reader.uint(4),
    sums: reader.message(5, readMovedSums),
    handover: reader.message(6, readHandover),
  };
}

export function writeReleaseSlots(writer: WireWriter, release: ReleaseSlots): void {
  writeOfMove(writer, release);
  writer.uint(3, release.to);
}

export function readReleaseSlots(reader: WireReader): ReleaseSlots {
  return { kind: 'release-slots', ...readOfMove(reader), to: reader.bucket(3) };
}

export function writeConfirmRelease(writer: WireWriter, confirm: ConfirmRelease): void {
  writeOfMove(writer, confirm);
  writer.message(3, confirm.sums, writeMovedSums);
}

export function readConfirmRelease(reader: WireReader): ConfirmRelease {
  return { kind: 'confirm-release', ...readOfMove(reader), sums: reader.message(3, readMovedSums) };
}

/** DECLINE IMPORT, RECLAIM SLOTS. */
export function writeOfMove(writer: WireWriter, { move, slots }: OfMove): void {
  writer.uint(1, move);
  writer.message(2, slots, writeSlotRange);
}

export function readDeclineImport(reader: WireReader): DeclineImport {
  return { kind: 'decline-import', ...readOfMove(reader) };
}

export function readReclaimSlots(reader: WireReader): ReclaimSlots {
  return { kind: 'reclaim-slots', ...readOfMove(reader) };
}

function readOfMove(reader: WireReader): OfMove {
  return { move: reader.uint(1), slots: reader.message(2, readSlotRange) };
}

export function writeMoveStage(writer: WireWriter, stage: MoveStage): void {
  switch (stage.kind) {
    case 'importing':
      return writer.message(2, stage, (inner, { attempt, parts }) => {
        inner.uint(1, attempt);
        inner.uint(2, parts);
      });
    case 'adopted':
      return writer.empty(3);
    case 'declined':
      return writer.empty(4);
    case 'released':
      return writer.message(5, stage.handover, (inner, handover) => inner.message(1, handover, writeHandover));
    case 'reclaimed':
      return writer.empty(6);
    case 'confirmed':
      return writer.empty(7);
    case 'over':
      return writer.empty(8);
    case 'refused':
      return writer.message(9, stage.reason, (inner, reason) => inner.text(1, reason));
    default:
      return unreachable(stage, 'stage of a move');
  }
}

export function readMoveStage(reader: WireReader): MoveStage {
  switch (reader.nextField()) {
    case 2:
      return reader.message(2, (inner) => ({ kind: 'importing', attempt: inner.uint(1), parts: inner.uint(2) }) as const);
    case 5:
      return reader.message(5, (inner) => ({ kind: 'released', handover: inner.message(1, readHandover) }) as const);
    case 9:
      return reader.message(9, (inner) => ({ kind: 'refused', reason: readRefusal(inner) }) as const);
    default:
      if (reader.empty(3)) return { kind: 'adopted' };
      if (reader.empty(4)) return { kind: 'declined' };
      if (reader.empty(6)) return { kind: 'reclaimed' };
      if (reader.empty(7)) return { kind: 'confirmed' };
      return reader.empty(8) ? { kind: 'over' } : reader.fail('an unknown stage of a move');
  }
}

/** Null where there is nothing to say, as before slots moved. */
export function movesOrNull(moves: SlotMoves): SlotMoves | null {
  const { seqBase, moved, departing, arriving } = moves;
  return seqBase === 0 && moved.length === 0 && departing.length === 0 && arriving.length === 0 ? null : moves;
}

export function writeSlotMoves(writer: WireWriter, { seqBase, moved, departing, arriving }: SlotMoves): void {
  writer.uint(1, seqBase);
  writer.messages(2, moved, writeMovedRange);
  writer.messages(3, departing, writeDeparture);
  writer.messages(4, arriving, writeArrival);
}

export function readSlotMoves(reader: WireReader): SlotMoves {
  const moves: SlotMoves = {
    seqBase: reader.uint(1),
    moved: reader.messages(2, readMovedRange),
    departing: reader.messages(3, readDeparture),
    arriving: reader.messages(4, readArrival),
  };
  return movesOrNull(moves) === null ? reader.fail('moves of slots that say nothing') : moves;
}

export function writeHoldings(writer: WireWriter, { slots, moves }: SlotHoldings): void {
  writer.messages(1, slots, writeSlotRange);
  writer.optionalMessage(2, movesOrNull(moves), writeSlotMoves);
}

export function readHoldings(reader: WireReader): SlotHoldings {
  return { slots: reader.messages(1, readSlotRange), moves: readMovesOrNone(reader, 2) };
}

export function readMovesOrNone(reader: WireReader, field: number): SlotMoves {
  return reader.optionalMessage(field, readSlotMoves) ?? NO_MOVES;
}

function writeMovedRange(writer: WireWriter, { from, to, move }: MovedRange): void {
  writer.message(1, { from, to }, writeSlotRange);
  writer.uint(2, move);
}

function readMovedRange(reader: WireReader): MovedRange {
  return { ...reader.message(1, readSlotRange), move: reader.uint(2) };
}

function writeDeparture(writer: WireWriter, departure: Departure): void {
  writeOfMove(writer, departure);
  writer.uint(3, departure.to);
  writer.message(4, departure.handover, writeHandover);
}

function readDeparture(reader: WireReader): Departure {
  return { ...readOfMove(reader), to: reader.bucket(3), handover: reader.message(4, readHandover) };
}

function writeArrival(writer: WireWriter, arrival: Arrival): void {
  writeOfMove(writer, arrival);
  writer.uint(3, arrival.from);
  writer.uint(4, arrival.attempt);
  writer.uint(5, arrival.parts);
  writer.message(6, arrival.sums, writeMovedSums);
}

function readArrival(reader: WireReader): Arrival {
  return { ...readOfMove(reader), from: reader.bucket(3), attempt: reader.uint(4), parts: reader.uint(5), sums: reader.message(6, readMovedSums) };
}

function writeMovedSums(writer: WireWriter, sums: MovedSums): void {
  writer.uint(1, sums.accounts);
  writer.uint(2, sums.legs);
  writer.uint(3, sums.outcomes);
  writer.uint(4, sums.locks);
  writeTotals(writer, 5, sums.balances);
  writeTotals(writer, 6, sums.openings);
}

function readMovedSums(reader: WireReader): MovedSums {
  return {
    accounts: reader.uint(1),
    legs: reader.uint(2),
    outcomes: reader.uint(3),
    locks: reader.uint(4),
    balances: readTotals(reader, 5),
    openings: readTotals(reader, 6),
  };
}

function writeHandover(writer: WireWriter, handover: Handover): void {
  writer.uint(1, handover.lockSeq);
  writer.uint(2, handover.momentUs);
  writer.uint(3, handover.momentsSinceUs);
  writer.uint(4, handover.lastSeq);
  writer.uint(5, handover.semanticsVersion);
  writer.uint(6, handover.policyVersion);
}

function readHandover(reader: WireReader): Handover {
  return {
    lockSeq: reader.uint(1),
    momentUs: reader.uint(2),
    momentsSinceUs: reader.uint(3),
    lastSeq: reader.uint(4),
    semanticsVersion: reader.uint(5),
    policyVersion: reader.uint(6),
  };
}

const REFUSALS: ReadonlyMap<string, (typeof MOVE_REFUSALS)[number]> = new Map(MOVE_REFUSALS.map((name) => [name, name]));

function readRefusal(reader: WireReader): (typeof MOVE_REFUSALS)[number] {
  return REFUSALS.get(reader.text(1)) ?? reader.fail('an unknown refusal of a move');
}
