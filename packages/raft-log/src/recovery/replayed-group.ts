/**
 * One group while the log is read back. Segments before the first one are gone, so its entries may begin later than its
 * base says: a compaction that comes later in the log must cover the gap, which `finish` checks.
 */
import type { Entry, EntryId } from '@mas/raft';
import { BodyMalformed, type DecodedWrite, type GroupState } from '../format/bodies';
import { GroupLog } from '../group/group-log';
import { SegmentSpans } from '../group/segment-spans';

export class ReplayedGroup {
  private entries: Entry[] = [];
  private spans = new SegmentSpans();

  constructor(private state: GroupState) {}

  write(write: DecodedWrite, segment: number): void {
    if (write.hardState !== undefined) this.state = { ...this.state, hardState: write.hardState };
    const first = write.entries[0];
    const last = write.entries[write.entries.length - 1];
    if (first === undefined || last === undefined || last.index <= this.state.base.index) return;
    const heldFrom = this.entries[0]?.index;
    if (heldFrom === undefined || first.index <= heldFrom) this.entries = [];
    else if (first.index > heldFrom + this.entries.length)
      throw new BodyMalformed(`entries ${heldFrom + this.entries.length} … ${first.index - 1} are missing`);
    else this.entries.length = first.index - heldFrom;
    for (const entry of write.entries) this.entries.push(entry);
    this.spans.wrote(segment, first.index, last.index);
  }

  compact(upTo: EntryId): void {
    if (upTo.index <= this.state.base.index) return;
    const heldFrom = this.entries[0]?.index ?? 0;
    const held = this.entries[upTo.index - heldFrom];
    if (held !== undefined && held.term !== upTo.term)
      throw new BodyMalformed(`compaction to ${upTo.index} of term ${upTo.term}, but the entry has term ${held.term}`);
    this.state = { ...this.state, base: upTo };
    this.entries = this.entries.slice(Math.max(0, upTo.index + 1 - heldFrom));
    this.spans.compacted(upTo.index);
  }

  start(state: GroupState): void {
    this.state = state;
    this.entries = [];
    this.spans = new SegmentSpans();
  }

  /** A state that is restated at the head of a segment must be the one already known. */
  expect(state: GroupState): void {
    const same =
      state.base.index === this.state.base.index &&
      state.base.term === this.state.base.term &&
      state.hardState.term === this.state.hardState.term &&
      state.hardState.vote === this.state.hardState.vote &&
      state.hardState.commit === this.state.hardState.commit;
    if (!same) throw new BodyMalformed('a segment restates a group differently from the records before it');
  }

  /** @throws BodyMalformed when entries that are still needed are not in the log. */
  finish(): GroupLog {
    const { base, hardState } = this.state;
    const firstKept = this.entries.findIndex((entry) => entry.index > base.index);
    const kept = firstKept === 0 ? this.entries : firstKept < 0 ? [] : this.entries.slice(firstKept);
    const first = kept[0];
    if (first !== undefined && first.index > base.index + 1) throw new BodyMalformed(`entries ${base.index + 1} … ${first.index - 1} are missing`);
    const last = base.index + kept.length;
    if (hardState.commit > last) throw new BodyMalformed(`entries ${last + 1} … ${hardState.commit} were committed and are missing`);
    return GroupLog.recovered(this.state, kept, this.spans);
  }
}
