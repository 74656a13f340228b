/** A slot goes from one bucket of the world to another, in steps between which everything else happens (docs/adr/0029). Whoever carries it out is not hindered. */
import { MovedSumming, type Handover, type MoveStage } from '@mas/ledger';
import type { PlacementMap } from '@mas/placement';
import { invariant, slot as asSlot, SLOT_COUNT, type BucketId, type Slot, type SlotRange } from '@mas/values';
import type { ModelBucket } from './model-bucket';

export interface SlotMove {
  readonly move: number;
  readonly slot: Slot;
  readonly from: ModelBucket;
  readonly to: ModelBucket;
}

/** Each may be a while after the one before. The last one lets the map follow. */
export function stepsOf({ move, slot, from, to }: SlotMove): readonly (() => void)[] {
  const slots: SlotRange = { from: slot, to: slot };
  const ofMove = { move, slots };
  let handover: Handover | null = null;
  return [
    () => expectStage(to, { kind: 'begin-import', ...ofMove, from: from.id, attempt: 1 }, 'importing'),
    () => {
      const stage = expectStage(from, { kind: 'release-slots', ...ofMove, to: to.id }, 'released');
      handover = stage.kind === 'released' ? stage.handover : null;
    },
    () => {
      const rows = from.rows.inSlots(slots);
      const isEmpty = Object.values(rows).every(({ length }) => length === 0);
      if (!isEmpty) expectStage(to, { kind: 'import-rows', ...ofMove, attempt: 1, part: 0, rows }, 'importing');
      invariant(handover !== null, 'slots are released before they are adopted');
      expectStage(to, { kind: 'adopt-slots', ...ofMove, attempt: 1, parts: isEmpty ? 0 : 1, sums: sumsOf(from, slots), handover }, 'adopted');
    },
    () => expectStage(from, { kind: 'confirm-release', ...ofMove, sums: sumsOf(from, slots) }, 'confirmed'),
  ];
}

export function movedTo(map: PlacementMap, moved: Slot, to: BucketId): PlacementMap {
  const owners = new Array<BucketId>(SLOT_COUNT);
  for (const { bucket, slots } of map.buckets) for (const range of slots) owners.fill(bucket, range.from, range.to + 1);
  owners[moved] = to;
  return { ...map, version: map.version + 1, buckets: map.buckets.map((placed) => ({ ...placed, slots: rangesOf(owners, placed.bucket) })) };
}

function rangesOf(owners: readonly BucketId[], bucket: BucketId): readonly SlotRange[] {
  const ranges: SlotRange[] = [];
  for (let from = 0; from < SLOT_COUNT; ) {
    let end = from + 1;
    while (end < SLOT_COUNT && owners[end] === owners[from]) end += 1;
    if (owners[from] === bucket) ranges.push({ from: asSlot(from), to: asSlot(end - 1) });
    from = end;
  }
  return ranges;
}

function sumsOf(from: ModelBucket, slots: SlotRange): ReturnType<MovedSumming['sums']> {
  const summing = new MovedSumming();
  summing.rows(from.rows.inSlots(slots));
  return summing.sums();
}

function expectStage(bucket: ModelBucket, instruction: Parameters<ModelBucket['run']>[0], kind: MoveStage['kind']): MoveStage {
  const outcome = bucket.run(instruction);
  invariant(outcome.kind === 'move' && outcome.stage.kind === kind, 'a move that nobody hinders goes on', {
    instruction: instruction.kind,
    outcome: outcome.kind,
  });
  return outcome.stage;
}
