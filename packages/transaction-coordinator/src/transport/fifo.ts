/** A queue whose both ends cost nothing: taken items leave a head index behind, compacted now and then. */
const COMPACT_AT = 1024;

export class Fifo<Item> {
  private items: Item[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  shift(): Item | undefined {
    if (this.head >= this.items.length) return undefined;
    const item = this.items[this.head];
    this.head += 1;
    if (this.head >= this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head >= COMPACT_AT) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Keeps the items that `keep` accepts, in their order. */
  retain(keep: (item: Item) => boolean): void {
    const kept: Item[] = [];
    for (let i = this.head; i < this.items.length; i += 1) {
      const item = this.items[i];
      if (item !== undefined && keep(item)) kept.push(item);
    }
    this.items = kept;
    this.head = 0;
  }
}
