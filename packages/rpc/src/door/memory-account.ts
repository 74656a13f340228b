/**
 * How many bytes of messages are kept: by one connection, and by all of a listener. What is taken is what the process
 * really holds (capacity, not what a header promises), so nobody can fill the books without filling the wire.
 */
import { invariant } from '@mas/values';

export class MemoryAccount {
  private heldBytes = 0;

  /** @param whole the account of all, of which this is one part; null for that one itself. */
  constructor(
    private readonly limitBytes: number,
    private readonly whole: MemoryAccount | null = null,
  ) {}

  get held(): number {
    return this.heldBytes;
  }

  /** Why there is no room; null when the bytes are taken. */
  take(bytes: number): 'own' | 'whole' | null {
    if (this.heldBytes + bytes > this.limitBytes) return 'own';
    if (this.whole !== null && this.whole.take(bytes) !== null) return 'whole';
    this.heldBytes += bytes;
    return null;
  }

  give(bytes: number): void {
    invariant(bytes <= this.heldBytes, 'memory is given back that was not taken', { bytes, held: this.heldBytes });
    this.heldBytes -= bytes;
    this.whole?.give(bytes);
  }
}
