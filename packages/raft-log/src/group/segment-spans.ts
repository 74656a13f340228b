/**
 * Which segments hold a group's retained entries: spans of indexes, ascending in segment and index. An overwritten or
 * compacted index leaves its span, an empty span leaves the list; the first one names the oldest segment needed.
 */
import { present } from '@mas/values';

interface Span {
  readonly segment: number;
  readonly from: number;
  readonly to: number;
}

export class SegmentSpans {
  private spans: Span[] = [];

  /** Entries from … to were written to `segment` and replace everything from `from` on. */
  wrote(segment: number, from: number, to: number): void {
    this.truncate(from);
    const last = this.spans[this.spans.length - 1];
    if (last?.segment === segment) this.spans[this.spans.length - 1] = { segment, from: Math.min(last.from, from), to };
    else this.spans.push({ segment, from, to });
  }

  compacted(upTo: number): void {
    const keep = this.spans.findIndex((span) => span.to > upTo);
    if (keep !== 0) this.spans = keep < 0 ? [] : this.spans.slice(keep);
  }

  clear(): void {
    this.spans = [];
  }

  oldest(): number | undefined {
    return this.spans[0]?.segment;
  }

  private truncate(from: number): void {
    while (this.spans.length > 0) {
      const last = present(this.spans[this.spans.length - 1], 'last span');
      if (last.to < from) return;
      this.spans.pop();
      if (last.from < from) {
        this.spans.push({ segment: last.segment, from: last.from, to: from - 1 });
        return;
      }
    }
  }
}
