/**
 * Frames of the Session stream: correlated requests one way, correlated replies the other, many in one frame; and single exchanges.
 * Another version may say more than this one knows (docs/adr/0030): fields that are unknown are passed by, and what cannot be read at all
 * costs its own request alone.
 */
import type { ParticipantReply } from '@mas/two-phase-commit';
import { MalformedBytes } from '../wire/malformed-bytes';
import { readWire, type WireReader } from '../wire/wire-reader';
import { WireWriter } from '../wire/wire-writer';
import type { EncodedInstructions } from './ledger-codec';
import { readParticipantReply, writeParticipantReply } from './participant-reply-messages';
import { envelopeReader, writeEnvelope, type Envelope } from './participant-request-messages';

export interface CorrelatedRequest extends Envelope {
  readonly correlationId: number;
}

/** `unreadable`: of a kind that this version does not know, or damaged; nothing of it has been looked at. */
export type ReceivedRequest = CorrelatedRequest | { readonly correlationId: number; readonly unreadable: MalformedBytes };

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
    return readWire(bytes, (reader) => reader.message(1, this.readRequest), 'open', this.encoded.bodies);
  }

  encodeReply(reply: ParticipantReply): Buffer {
    this.writer.discard();
    this.writer.message(1, reply, writeParticipantReply);
    return this.writer.finish();
  }

  decodeReply(bytes: Uint8Array): ParticipantReply {
    return readWire(bytes, (reader) => reader.message(1, readParticipantReply), 'open', this.encoded.bodies);
  }

  /** One correlated item; items of a frame are their concatenation. */
  encodeCorrelatedRequest(item: CorrelatedRequest): Buffer {
    this.writer.discard();
    this.writer.message(1, item, writeCorrelatedRequest);
    return this.writer.finish();
  }

  /** @throws MalformedBytes where it is not even a list of items */
  decodeRequests(frame: Uint8Array): readonly ReceivedRequest[] {
    return correlated(frame).map(({ correlationId, bytes }) => {
      try {
        return { correlationId, ...readWire(bytes, this.readRequest, 'open', this.encoded.bodies) };
      } catch (error) {
        if (error instanceof MalformedBytes) return { correlationId, unreadable: error };
        throw error;
      }
    });
  }

  encodeCorrelatedReply(item: CorrelatedReply): Buffer {
    this.writer.discard();
    this.writer.message(1, item, writeCorrelatedReply);
    return this.writer.finish();
  }

  /** A reply that cannot be read tells nothing: its request's fate is unknown. @throws MalformedBytes where it is not even a list of items */
  decodeReplies(frame: Uint8Array): readonly CorrelatedReply[] {
    return correlated(frame).map(({ correlationId, bytes }) => {
      try {
        return { correlationId, reply: readWire(bytes, readParticipantReply, 'open', this.encoded.bodies) };
      } catch (error) {
        if (error instanceof MalformedBytes) return { correlationId, reply: { kind: 'unknown', reason: `the answer cannot be read: ${error.message}` } };
        throw error;
      }
    });
  }
}

interface Correlated {
  readonly correlationId: number;
  /** A view. */
  readonly bytes: Uint8Array;
}

function correlated(frame: Uint8Array): readonly Correlated[] {
  return readWire(frame, (reader) => reader.messages(1, (item) => ({ correlationId: item.uint(1), bytes: item.bytes(2) })), 'open');
}

function writeCorrelatedRequest(writer: WireWriter, item: CorrelatedRequest): void {
  writer.uint(1, item.correlationId);
  writer.message(2, item, writeEnvelope);
}

function writeCorrelatedReply(writer: WireWriter, item: CorrelatedReply): void {
  writer.uint(1, item.correlationId);
  writer.message(2, item.reply, writeParticipantReply);
}
