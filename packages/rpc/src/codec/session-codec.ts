/** Frames of the Session stream: correlated requests one way, correlated replies the other, many in one frame; and single exchanges. */
import type { ParticipantReply } from '@mas/two-phase-commit';
import { readWire, type WireReader } from '../wire/wire-reader';
import { WireWriter } from '../wire/wire-writer';
import type { EncodedInstructions } from './ledger-codec';
import { readParticipantReply, writeParticipantReply } from './participant-reply-messages';
import { envelopeReader, writeEnvelope, type Envelope } from './participant-request-messages';

export interface CorrelatedRequest extends Envelope {
  readonly correlationId: number;
}

export interface CorrelatedReply {
  readonly correlationId: number;
  readonly reply: ParticipantReply;
}

export class SessionCodec {
  private readonly writer = new WireWriter();
  private readonly readRequest: (reader: WireReader) => Envelope;

  /** @param encoded shared with this process's ledger codec, so that received instructions are proposed as they came. */
  constructor(private readonly encoded: EncodedInstructions) {
    this.readRequest = envelopeReader(encoded);
  }

  /** Single exchanges: the request or reply under field 1, as ProcessPhase1Request and its kin have it. */
  encodeRequest(envelope: Envelope): Buffer {
    this.writer.discard();
    this.writer.message(1, envelope, writeEnvelope);
    return this.writer.finish();
  }

  decodeRequest(bytes: Uint8Array): Envelope {
    return readWire(bytes, (reader) => reader.message(1, this.readRequest), 'exact', this.encoded.bodies);
  }

  encodeReply(reply: ParticipantReply): Buffer {
    this.writer.discard();
    this.writer.message(1, reply, writeParticipantReply);
    return this.writer.finish();
  }

  decodeReply(bytes: Uint8Array): ParticipantReply {
    return readWire(bytes, (reader) => reader.message(1, readParticipantReply), 'exact', this.encoded.bodies);
  }

  /** One correlated item; items of a frame are their concatenation. */
  encodeCorrelatedRequest(item: CorrelatedRequest): Buffer {
    this.writer.discard();
    this.writer.message(1, item, writeCorrelatedRequest);
    return this.writer.finish();
  }

  decodeRequests(frame: Uint8Array): readonly CorrelatedRequest[] {
    return readWire(
      frame,
      (reader) => reader.messages(1, (inner) => ({ correlationId: inner.uint(1), ...inner.message(2, this.readRequest) })),
      'exact',
      this.encoded.bodies,
    );
  }

  encodeCorrelatedReply(item: CorrelatedReply): Buffer {
    this.writer.discard();
    this.writer.message(1, item, writeCorrelatedReply);
    return this.writer.finish();
  }

  decodeReplies(frame: Uint8Array): readonly CorrelatedReply[] {
    return readWire(frame, (reader) => reader.messages(1, readCorrelatedReply), 'exact', this.encoded.bodies);
  }
}

function writeCorrelatedRequest(writer: WireWriter, item: CorrelatedRequest): void {
  writer.uint(1, item.correlationId);
  writer.message(2, item, writeEnvelope);
}

function writeCorrelatedReply(writer: WireWriter, item: CorrelatedReply): void {
  writer.uint(1, item.correlationId);
  writer.message(2, item.reply, writeParticipantReply);
}

function readCorrelatedReply(reader: WireReader): CorrelatedReply {
  return { correlationId: reader.uint(1), reply: reader.message(2, readParticipantReply) };
}
