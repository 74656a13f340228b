/**
 * The outgoing half of the conversation with one peer process: one Replicate stream, dialled again by itself after a
 * loss, for as long as the transport lives; by one that is turned away, or turns the other away, ever later. Never blocks: what does not fit into the bounded window is refused, and
 * Raft sends it again.
 */
import { credentials, Metadata, type Client, type ClientWritableStream, type ServiceError } from '@grpc/grpc-js';
import type { MemberId } from '@mas/membership';
import { EMPTY_BATCH, type PeerBatch } from '@mas/multi-raft';
import type { Clock, RmId, Timer } from '@mas/values';
import type { PeerBatchCodec } from '../codec/peer-batch-codec';
import { RaftServiceService } from '../generated/mas/v1/raft_service';
import type { NodeCaller } from '../membership/node-caller';
import { identity, MAX_NODE_MESSAGE_BYTES } from './node-channel';
import { REDIAL_MS, RedialPause } from './redial-pause';

/** Handed to the connection and not yet on its way; more is refused. */
const MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024;
/** Batches above this travel in parts. */
const MAX_FRAME_BYTES = MAX_NODE_MESSAGE_BYTES / 4;
/**
 * While a network swallows packets, and right after it has healed, a short attempt finds the way sooner than a long one: TCP repeats
 * its first packet after one second, then two, then four. A slow machine needs longer: one attempt in four gets all the time.
 */
const SHORT_DIAL_MS = 1_000;
const LONG_DIAL_EVERY = 4;

export interface PeerLinkPorts {
  readonly caller: NodeCaller;
  readonly peer: RmId;
  readonly dial: () => Client;
  readonly dialTimeoutMs: number;
  readonly codec: PeerBatchCodec;
  readonly clock: Clock;
  readonly onConnected: (peer: MemberId) => void;
  readonly onDisconnected: (peer: MemberId, reason: string) => void;
}

export class PeerLink {
  private client: Client | null = null;
  private stream: ClientWritableStream<Buffer> | null = null;
  private dialing: Timer | null = null;
  /** Since somebody answered. */
  private attempts = 0;
  /** Who has answered. */
  private connected: MemberId | null = null;
  private unwrittenBytes = 0;
  private redial: Timer | null = null;
  private readonly pause = new RedialPause();
  private closed = false;
  /**
   * Said when the connection stands. How far the log went when it was dialled is an old story by then, others have told the peer
   * more of it meanwhile, and it would take this process for a copy of an earlier time.
   */
  private readonly name = credentials.createFromMetadataGenerator((_, said) => said(null, this.ports.caller.introduction() ?? new Metadata()));

  constructor(private readonly ports: PeerLinkPorts) {}

  open(): void {
    this.redial = null;
    if (this.closed) return;
    if (this.ports.caller.introduction() === null) {
      this.redial = this.ports.clock.schedule(REDIAL_MS, () => this.open());
      return;
    }
    this.client ??= this.ports.dial();
    const stream = this.client.makeClientStreamRequest<Buffer, Buffer>(
      RaftServiceService.replicate.path,
      identity,
      identity,
      new Metadata({ waitForReady: true }),
      { credentials: this.name },
      (error) => this.ended(stream, error),
    );
    // Errors also arrive in the callback above; without a listener they would be thrown.
    stream.on('error', () => undefined);
    stream.on('metadata', (answered: Metadata) => this.ready(stream, answered));
    this.stream = stream;
    this.unwrittenBytes = 0;
    this.attempts += 1;
    const { dialTimeoutMs } = this.ports;
    const timeoutMs = this.attempts % LONG_DIAL_EVERY === 0 ? dialTimeoutMs : Math.min(SHORT_DIAL_MS, dialTimeoutMs);
    this.dialing = this.ports.clock.schedule(timeoutMs, () => this.giveUp(stream, 'no connection in time'));
  }

  /** The peer has been let in at this end: what one of the two was refused for may be over. */
  dialSoon(): void {
    if (this.redial === null) return;
    this.redial.cancel();
    this.open();
  }

  /** The peer has been silent: the connection may swallow what is written to it. It is given up, and another one is made. */
  dialAnew(): void {
    if (this.stream !== null && this.connected !== null) this.giveUp(this.stream, 'it has been silent');
  }

  send(batch: PeerBatch): boolean {
    const { stream } = this;
    if (this.connected === null || stream === null || this.unwrittenBytes > MAX_UNWRITTEN_BYTES) return false;
    const frame = this.ports.codec.encode(batch);
    if (frame.length > MAX_FRAME_BYTES && batch.messages.length > 1) return this.sendHalves(batch);
    if (frame.length > MAX_NODE_MESSAGE_BYTES) return false;
    this.unwrittenBytes += frame.length;
    stream.write(frame, () => {
      if (this.stream === stream) this.unwrittenBytes -= frame.length;
    });
    return true;
  }

  close(): void {
    this.closed = true;
    this.redial?.cancel();
    const { stream } = this;
    this.lost(stream, 'the transport is closing');
    stream?.cancel();
    this.client?.close();
  }

  private sendHalves(batch: PeerBatch): boolean {
    const middle = Math.ceil(batch.messages.length / 2);
    const first = this.send({ ...batch, messages: batch.messages.slice(0, middle) });
    return first && this.send({ ...EMPTY_BATCH, messages: batch.messages.slice(middle) });
  }

  /** Whether who was let in is still the one to talk to. */
  recheck(isWelcome: (peer: MemberId) => boolean): void {
    const { stream, connected } = this;
    if (stream === null || connected === null || isWelcome(connected)) return;
    this.lost(stream, 'it is no member any more');
    stream.cancel();
  }

  /** The peer's metadata is the first thing it sends: who it is; from here on what is written reaches it. */
  private ready(stream: ClientWritableStream<Buffer>, answered: Metadata): void {
    if (this.stream !== stream || this.connected !== null) return;
    this.dialing?.cancel();
    const judgement = this.ports.caller.judge(this.ports.peer, answered);
    if (!judgement.ok) {
      this.lost(stream, judgement.reason, judgement.dialsLater ? this.pause.refused() : REDIAL_MS);
      stream.cancel();
      return;
    }
    this.attempts = 0;
    this.pause.welcome();
    this.connected = { rm: judgement.member.rm, ordinal: judgement.member.ordinal };
    this.ports.onConnected(this.connected);
  }

  private ended(stream: ClientWritableStream<Buffer>, error: ServiceError | null): void {
    const isTurnedAway = error !== null && this.stream === stream && this.ports.caller.failed(this.ports.peer, error);
    this.lost(stream, error?.message ?? 'the peer ended the stream', isTurnedAway ? this.pause.refused() : REDIAL_MS);
  }

  /** With another connection next time. */
  private giveUp(stream: ClientWritableStream<Buffer>, reason: string): void {
    const { client } = this;
    this.client = null;
    this.lost(stream, reason);
    stream.cancel();
    client?.close();
  }

  private lost(stream: ClientWritableStream<Buffer> | null, reason: string, pauseMs = REDIAL_MS): void {
    if (stream === null || this.stream !== stream) return;
    this.stream = null;
    this.dialing?.cancel();
    const peer = this.connected;
    this.connected = null;
    if (!this.closed) this.redial = this.ports.clock.schedule(pauseMs, () => this.open());
    if (peer !== null) this.ports.onDisconnected(peer, reason);
  }
}
