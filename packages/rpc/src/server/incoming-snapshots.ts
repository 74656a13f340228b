/**
 * Snapshots on their way in. A transfer outlives its connection: the sender may come back within RESUME_MS and go on
 * behind the last chunk that arrived. Chunks are checked one by one (CRC-32), the whole by count and SHA-256; a
 * receiver is never given a shorter snapshot for a whole one. What waits in memory is bounded by the sender's window,
 * which moves on only with what the receiver has consumed.
 */
import { status as Code } from '@grpc/grpc-js';
import { raftIdOf, type MemberId } from '@mas/membership';
import type { PeerReceiver } from '@mas/multi-raft';
import type { Clock, Logger, Timer } from '@mas/values';
import { SnapshotFrameCodec, type SnapshotAnswer, type SnapshotFrame } from '../codec/snapshot-frame-codec';
import type { ServerStream } from '../door/methods';
import { IncomingChunks } from './incoming-chunks';

/** How long a transfer waits for its sender to come back, and its result for being asked. */
const RESUME_MS = 30_000;
const MAX_TRANSFERS = 64;

type BeginFrame = Extract<SnapshotFrame, { readonly kind: 'begin' }>;

interface Transfer {
  readonly from: MemberId;
  readonly chunks: IncomingChunks;
  stream: ServerStream | null;
  result: Extract<SnapshotAnswer, { readonly kind: 'installed' | 'refused' }> | null;
  expiry: Timer | null;
}

export class IncomingSnapshots {
  private readonly transfers = new Map<string, Transfer>();
  private readonly codec = new SnapshotFrameCodec();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  accept(stream: ServerStream, from: MemberId, receiver: PeerReceiver): void {
    let id: string | null = null;
    const detach = (): void => {
      if (id !== null) this.detach(id, stream);
    };
    stream.listen({
      message: (bytes, release) => {
        // What waits to be consumed has a bound of its own: the sender's window.
        release();
        try {
          const frame = this.codec.decodeFrame(bytes);
          if (frame.kind === 'begin') id = this.begin(stream, from, receiver, frame);
          else if (id !== null) this.receive(id, stream, frame);
        } catch (error) {
          this.logger.warn({ from: from.rm, err: error }, 'a snapshot frame was damaged; the sender goes on from before it');
          detach();
          stream.end({ code: Code.DATA_LOSS, details: 'a frame was damaged' });
        }
      },
      end: () => {
        detach();
        stream.end();
      },
      closed: detach,
    });
  }

  close(): void {
    for (const [id, transfer] of [...this.transfers]) {
      transfer.stream?.end({ code: Code.UNAVAILABLE, details: 'the receiver is closing' });
      this.drop(id, transfer, 'the receiver is closing');
    }
  }

  private begin(stream: ServerStream, from: MemberId, receiver: PeerReceiver, { transferId, header }: BeginFrame): string {
    const id = `${raftIdOf(from)}/${Buffer.from(transferId).toString('hex')}`;
    const transfer = this.transfers.get(id) ?? this.start(id, from, receiver, header);
    if (transfer === undefined) {
      this.answer(stream, { kind: 'refused', reason: 'too many snapshots at once' });
      return id;
    }
    transfer.expiry?.cancel();
    transfer.expiry = null;
    transfer.stream = stream;
    this.answer(stream, transfer.result ?? { kind: 'resume-from', sequence: transfer.chunks.nextSequence });
    return id;
  }

  private start(id: string, from: MemberId, receiver: PeerReceiver, header: BeginFrame['header']): Transfer | undefined {
    if (this.transfers.size >= MAX_TRANSFERS) return undefined;
    const transfer: Transfer = {
      from,
      chunks: new IncomingChunks((sequence) => {
        if (transfer.stream !== null) this.answer(transfer.stream, { kind: 'consumed', sequence });
      }),
      stream: null,
      result: null,
      expiry: null,
    };
    this.transfers.set(id, transfer);
    receiver.onSnapshot(from, header, transfer.chunks).then(
      () => this.finished(id, transfer, { kind: 'installed' }),
      (error: unknown) => this.finished(id, transfer, { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }),
    );
    return transfer;
  }

  private receive(id: string, stream: ServerStream, frame: Exclude<SnapshotFrame, BeginFrame>): void {
    const transfer = this.transfers.get(id);
    if (transfer === undefined || transfer.stream !== stream || transfer.result !== null) return;
    switch (frame.kind) {
      case 'data':
        return transfer.chunks.put(frame.sequence, frame.data, frame.crc32);
      case 'end':
        return transfer.chunks.end(frame.chunks, frame.sha256);
      case 'abort':
        return transfer.chunks.fail(new Error(`the sender gave up: ${frame.reason}`));
    }
  }

  /** Tells the sender, and keeps the result for one that has lost its connection meanwhile. */
  private finished(id: string, transfer: Transfer, result: NonNullable<Transfer['result']>): void {
    transfer.result = result;
    transfer.chunks.discard();
    if (transfer.stream !== null) this.answer(transfer.stream, result);
    transfer.expiry?.cancel();
    transfer.expiry = this.clock.schedule(RESUME_MS, () => this.transfers.delete(id));
  }

  private detach(id: string, stream: ServerStream): void {
    const transfer = this.transfers.get(id);
    if (transfer === undefined || transfer.stream !== stream) return;
    transfer.stream = null;
    if (transfer.result === null) transfer.expiry = this.clock.schedule(RESUME_MS, () => this.drop(id, transfer, 'the sender did not come back'));
  }

  private drop(id: string, transfer: Transfer, reason: string): void {
    transfer.expiry?.cancel();
    if (this.transfers.get(id) === transfer) this.transfers.delete(id);
    transfer.chunks.fail(new Error(reason));
  }

  private answer(stream: ServerStream, answer: SnapshotAnswer): void {
    stream.write(this.codec.encodeAnswer(answer));
  }
}
