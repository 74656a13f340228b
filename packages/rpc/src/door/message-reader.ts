/**
 * gRPC's framing, one message at a time: a flag, four bytes of length, the message. Every byte is copied into a buffer
 * of the message's own, because a slice would keep the whole chunk of the connection alive; the buffer grows with what
 * has arrived, because the length is only the sender's word. Nothing of a next message is looked at before it is asked for.
 */
export const PREFIX_BYTES = 5;
const FIRST_BYTES = 16 * 1024;

export type ReadProblem = 'too-large' | 'compressed' | 'no-room';

export interface ReaderPorts {
  readonly maxMessageBytes: number;
  /** False: there is no room for so many bytes more. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export type ReadStep =
  /** All of the chunk is used up, and a message may have begun. */
  | { readonly kind: 'more' }
  /** The message's `heldBytes` have been taken, and are the caller's to give back. */
  | { readonly kind: 'message'; readonly bytes: Buffer; readonly heldBytes: number; readonly used: number }
  | { readonly kind: 'problem'; readonly problem: ReadProblem };

const MORE: ReadStep = { kind: 'more' };

export class MessageReader {
  private readonly prefix = Buffer.alloc(PREFIX_BYTES);
  private prefixLength = 0;
  private body: Buffer | null = null;
  private bodyLength = 0;

  constructor(private readonly ports: ReaderPorts) {}

  /** A message has begun and is not whole. */
  get isWithin(): boolean {
    return this.prefixLength > 0;
  }

  /** Reads on from `offset` until a message is whole or the chunk is used up. */
  read(chunk: Buffer, offset: number): ReadStep {
    let at = offset;
    if (this.prefixLength < PREFIX_BYTES) {
      const taken = chunk.copy(this.prefix, this.prefixLength, at, at + PREFIX_BYTES - this.prefixLength);
      this.prefixLength += taken;
      at += taken;
      if (this.prefixLength < PREFIX_BYTES) return MORE;
      if (this.prefix[0] !== 0) return { kind: 'problem', problem: 'compressed' };
      if (this.length() > this.ports.maxMessageBytes) return { kind: 'problem', problem: 'too-large' };
    }
    const length = this.length();
    const taken = Math.min(chunk.length - at, length - this.bodyLength);
    if (!this.makeRoom(this.bodyLength + taken, length)) return { kind: 'problem', problem: 'no-room' };
    if (this.body !== null) chunk.copy(this.body, this.bodyLength, at, at + taken);
    this.bodyLength += taken;
    return this.bodyLength < length ? MORE : this.whole(at + taken);
  }

  /** Gives back what an unfinished message holds. */
  discard(): void {
    if (this.body !== null) this.ports.give(this.body.length);
    this.body = null;
    this.bodyLength = 0;
    this.prefixLength = 0;
  }

  private whole(used: number): ReadStep {
    const body = this.body ?? Buffer.alloc(0);
    const bytes = body.subarray(0, this.bodyLength);
    this.body = null;
    this.bodyLength = 0;
    this.prefixLength = 0;
    return { kind: 'message', bytes, heldBytes: body.length, used };
  }

  private makeRoom(neededBytes: number, length: number): boolean {
    const have = this.body?.length ?? 0;
    if (neededBytes <= have) return true;
    const capacity = Math.min(length, Math.max(neededBytes, 2 * have, Math.min(length, FIRST_BYTES)));
    if (!this.ports.take(capacity - have)) return false;
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.body?.copy(grown, 0, 0, this.bodyLength);
    this.body = grown;
    return true;
  }

  private length(): number {
    return this.prefix.readUInt32BE(1);
  }
}
