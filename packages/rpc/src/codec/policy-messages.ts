/** Slot ranges and policies, which instructions, rows and the placement map share. */
import type { SlotRange } from '@mas/values';
import type { Policy } from '@mas/ledger';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

export function writeSlotRange(writer: WireWriter, range: SlotRange): void {
  writer.uint(1, range.from);
  writer.uint(2, range.to);
}

export function readSlotRange(reader: WireReader): SlotRange {
  const range = { from: reader.slot(1), to: reader.slot(2) };
  return range.from <= range.to ? range : reader.fail('a slot range ends before it starts');
}

export function writePolicy(writer: WireWriter, policy: Policy): void {
  writer.uint(1, policy.version);
  writer.text(2, policy.numberPattern);
  writer.int64(3, policy.minimumBalanceMinor);
  writer.int64(4, policy.maximumAmountMinor);
}

export function readPolicy(reader: WireReader): Policy {
  return { version: reader.uint(1), numberPattern: reader.text(2), minimumBalanceMinor: reader.int64(3), maximumAmountMinor: reader.int64(4) };
}
