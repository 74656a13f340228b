/**
 * One snapshot on its way out. The source is read once; chunks are kept until the receiver has consumed them, so that a
 * lost connection is resumed from where the receiver says it stands. Reading, the rate and the window pace each other:
 * at most WINDOW_CHUNKS chunks are in memory. A receiver that has forgotten the transfer ends it: the bytes are gone.
 */
import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Client, ClientDuplexStream, Metadata, ServiceError } from '@grpc/grpc-js';
import type { SnapshotHeader } from '@mas/multi-raft';
import { delay, type Clock, type RmId } from '@mas/values';
import type { SnapshotAnswer, SnapshotFrameCodec } from '../codec/snapshot-frame-codec';
import { RaftServiceService } from '../generated/mas/v1/raft_service';
import type { NodeCaller } from '../membership/node-caller';
import { isFinalStatus } from '../membership/refusal-status';
import { identity } from './node-channel';

const CHUNK_BYTES = 256 * 1024;
const WINDOW_CHUNKS = 16;
/** Connections lost in a row without a chunk consumed in between; then the transfer is given up. */
const MAX_FRUITLESS_CONNECTIONS = 20;
const RECONNECT_MS = 200;

export interface OutgoingSnapshotPorts {
  readonly caller: NodeCaller;
  readonly to: RmId;
  readonly client: Client;
  readonly codec: SnapshotFrameCodec;
  readonly clock: Clock;
  readonly bytesPerSecond: number;
  /** True once the transport closes. */
  readonly isClosed: () => boolean;
}

interface Chunk {
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** How one connection ended. */
type ConnectionEnd = { readonly kind: 'installed' } | { readonly kind: 'failed'; readonly reason: string } | { readonly kind: 'lost'; readonly reason: string };

export class OutgoingSnapshot {
  private readonly kept: Chunk[] = [];
  private readonly hash: Hash = createHash('sha256');
  private produced = 0;
  private sourceEnded = false;
  private sha256: Buffer | null = null;
  private sourceError: string | null = null;
  private fruitless = 0;
  private sentAtMs: number;
  /** Wakes whoever waits for room, a chunk or an end. */
  private wake: () => void = () => undefined;

  constructor(
    private readonly ports: OutgoingSnapshotPorts,
    private readonly transferId: Uint8Array,
    private readonly header: SnapshotHeader,
    private readonly source: AsyncIterator<Uint8Array>,
  ) {
    this.sentAtMs = ports.clock.monotonicMs();
  }

  /** Resolves when the receiver has installed it. @throws when it has not and will not. */
  async send(): Promise<void> {
    try {
      for (;;) {
        const end = await this.connection();
        if (end.kind === 'installed') return;
        if (end.kind === 'failed') throw new Error(`the snapshot was not installed: ${end.reason}`);
        this.fruitless += 1;
        if (this.fruitless > MAX_FRUITLESS_CONNECTIONS)
          throw new Error(`the snapshot was not installed: ${this.fruitless} connections were lost, the last: ${end.reason}`);
        await delay(this.ports.clock, RECONNECT_MS);
      }
    } finally {
      await this.source.return?.();
    }
  }

  private connection(): Promise<ConnectionEnd> {
    if (this.ports.isClosed()) return Promise.resolve({ kind: 'failed', reason: 'the transport is closing' });
    const metadata = this.ports.caller.introduction();
    if (metadata === null) return Promise.resolve({ kind: 'failed', reason: 'this process is no member' });
    const stream = this.ports.client.makeBidiStreamRequest<Buffer, Buffer>(RaftServiceService.installSnapshot.path, identity, identity, metadata);
    return new Promise((resolve) => {
      const attempt = { over: false };
      const finish = (end: ConnectionEnd): void => {
        if (attempt.over) return;
        attempt.over = true;
        this.wake();
        stream.end();
        if (end.kind !== 'lost') this.ports.clock.schedule(RECONNECT_MS, () => stream.cancel());
        resolve(end);
      };
      // The first thing that the receiver sends; chunks follow its answer to the header only.
      stream.on('metadata', (answered: Metadata) => {
        const judgement = this.ports.caller.judge(this.ports.to, answered);
        if (!judgement.ok) finish({ kind: 'failed', reason: judgement.reason });
      });
      stream.on('data', (bytes: Buffer) => {
        if (attempt.over) return;
        try {
          this.answered(this.ports.codec.decodeAnswer(bytes), stream, attempt, finish);
        } catch (error) {
          finish({ kind: 'failed', reason: String(error) });
        }
      });
      stream.on('error', (error: ServiceError) => {
        if (!attempt.over) this.ports.caller.failed(this.ports.to, error);
        finish(isFinalStatus(error.code) ? { kind: 'failed', reason: error.details } : { kind: 'lost', reason: error.message });
      });
      stream.on('end', () => finish({ kind: 'lost', reason: 'the receiver ended the stream' }));
      stream.write(this.ports.codec.encodeFrame({ kind: 'begin', transferId: this.transferId, header: this.header }));
    });
  }

  private answered(
    answer: SnapshotAnswer,
    stream: ClientDuplexStream<Buffer, Buffer>,
    attempt: { readonly over: boolean },
    finish: (end: ConnectionEnd) => void,
  ): void {
    switch (answer.kind) {
      case 'resume-from': {
        const oldest = this.kept[0]?.sequence ?? this.produced;
        if (answer.sequence < oldest) return finish({ kind: 'failed', reason: 'the receiver has lost what it had' });
        this.forgetBelow(answer.sequence);
        this.pump(stream, answer.sequence, attempt, finish).catch((error: unknown) => finish({ kind: 'failed', reason: String(error) }));
        return;
      }
      case 'consumed':
        this.fruitless = 0;
        this.forgetBelow(answer.sequence);
        return;
      case 'installed':
        return finish({ kind: 'installed' });
      case 'refused':
        return finish({ kind: 'failed', reason: answer.reason });
    }
  }

  /** Sends chunk after chunk from `next` on, until the connection or the source is over. */
  private async pump(
    stream: ClientDuplexStream<Buffer, Buffer>,
    from: number,
    attempt: { readonly over: boolean },
    finish: (end: ConnectionEnd) => void,
  ): Promise<void> {
    let next = from;
    while (!attempt.over) {
      const chunk = this.kept.find((each) => each.sequence === next) ?? (this.kept.length < WINDOW_CHUNKS ? await this.produce() : undefined);
      if (attempt.over) return;
      if (this.sourceError !== null) {
        stream.write(this.ports.codec.encodeFrame({ kind: 'abort', reason: this.sourceError }));
        return finish({ kind: 'failed', reason: this.sourceError });
      }
      if (chunk !== undefined) {
        await this.pace(chunk.data.length);
        if (attempt.over) return;
        stream.write(this.ports.codec.encodeFrame({ kind: 'data', sequence: chunk.sequence, data: chunk.data, crc32: crc32(chunk.data) }));
        next = chunk.sequence + 1;
      } else if (this.sourceEnded && next === this.produced) {
        this.sha256 ??= this.hash.digest();
        stream.write(this.ports.codec.encodeFrame({ kind: 'end', chunks: this.produced, sha256: this.sha256 }));
        return;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }

  private rest: Uint8Array | null = null;
  private producing: Promise<Chunk | undefined> | null = null;

  /** One reader of the source at a time, also when a lost connection's pump still waits for it. */
  private produce(): Promise<Chunk | undefined> {
    this.producing ??= this.read().finally(() => (this.producing = null));
    return this.producing;
  }

  private async read(): Promise<Chunk | undefined> {
    try {
      while (this.rest === null && !this.sourceEnded) {
        const read = await this.source.next();
        if (read.done === true) this.sourceEnded = true;
        else if (read.value.length > 0) this.rest = read.value;
      }
    } catch (error) {
      this.sourceError = error instanceof Error ? error.message : String(error);
    }
    if (this.rest === null || this.sourceError !== null) return undefined;
    const data = this.rest.subarray(0, CHUNK_BYTES);
    this.rest = data.length < this.rest.length ? this.rest.subarray(CHUNK_BYTES) : null;
    this.hash.update(data);
    const chunk = { sequence: this.produced, data };
    this.produced += 1;
    this.kept.push(chunk);
    return chunk;
  }

  private forgetBelow(sequence: number): void {
    while (this.kept.length > 0 && (this.kept[0]?.sequence ?? sequence) < sequence) this.kept.shift();
    this.wake();
  }

  /** Keeps the long-term rate at bytesPerSecond, without saving up for bursts. */
  private async pace(bytes: number): Promise<void> {
    const nowMs = this.ports.clock.monotonicMs();
    const dueMs = this.sentAtMs - nowMs;
    this.sentAtMs = Math.max(this.sentAtMs, nowMs) + (bytes * 1000) / this.ports.bytesPerSecond;
    if (dueMs > 0) await delay(this.ports.clock, dueMs);
  }
}
