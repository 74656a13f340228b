/** The one owner of what the data folder says of itself: changes are made one after the other, and show once they are durable. */
import type { IdentityRecord } from '@mas/membership';
import type { IdentityStore } from './membership-ports';

export class FolderIdentity {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: IdentityStore,
    private record: IdentityRecord,
  ) {}

  current(): IdentityRecord {
    return this.record;
  }

  /** Durable, and visible, when it resolves. */
  change(part: Partial<Omit<IdentityRecord, 'incarnation'>>): Promise<void> {
    this.last = this.last.then(async () => {
      const record = { ...this.record, ...part };
      await this.store.save(record);
      this.record = record;
    });
    return this.last;
  }
}
