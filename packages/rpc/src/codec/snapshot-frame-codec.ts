/** Frames of the InstallSnapshot stream, both ways. */
import type { GroupMessage, SnapshotHeader } from '@mas/multi-raft';
import { unreachable } from '@mas/values';
import { readWire, type WireReader } from '../wire/wire-reader';
import { WireWriter } from '../wire/wire-writer';
import { readGroupMessage, writeGroupMessage } from './peer-batch-codec';

export type SnapshotFrame =
  /** `transferId`: 16 random bytes, the same over reconnects. */
  | { readonly kind: 'begin'; readonly transferId: Uint8Array; readonly header: SnapshotHeader }
  | { readonly kind: 'data'; readonly sequence: number; readonly data: Uint8Array; readonly crc32: number }
  | { readonly kind: 'end'; readonly chunks: number; readonly sha256: Uint8Array }
  | { readonly kind: 'abort'; readonly reason: string };

export type SnapshotAnswer =
  | { readonly kind: 'resume-from'; readonly sequence: number }
  | { readonly kind: 'consumed'; readonly sequence: number }
  | { readonly kind: 'installed' }
  | { readonly kind: 'refused'; readonly reason: string };

export class SnapshotFrameCodec {
  private readonly writer = new WireWriter();

  encodeFrame(frame: SnapshotFrame): Buffer {
    this.writer.discard();
    writeFrame(this.writer, frame);
    return this.writer.finish();
  }

  /** @throws MalformedBytes. The data of a frame is a view of its bytes. */
  decodeFrame(bytes: Uint8Array): SnapshotFrame {
    return readWire(bytes, readFrame);
  }

  encodeAnswer(answer: SnapshotAnswer): Buffer {
    this.writer.discard();
    writeAnswer(this.writer, answer);
    return this.writer.finish();
  }

  /** @throws MalformedBytes */
  decodeAnswer(bytes: Uint8Array): SnapshotAnswer {
    return readWire(bytes, readAnswer);
  }
}

function writeFrame(writer: WireWriter, frame: SnapshotFrame): void {
  switch (frame.kind) {
    case 'begin':
      return writer.message(1, frame, (inner, { transferId, header }) => {
        inner.bytes(1, transferId);
        inner.message(2, header, writeGroupMessage);
      });
    case 'data':
      return writer.message(2, frame, (inner, { sequence, data, crc32 }) => {
        inner.uint(1, sequence);
        inner.bytes(2, data);
        inner.fixed32(3, crc32);
      });
    case 'end':
      return writer.message(3, frame, (inner, { chunks, sha256 }) => {
        inner.uint(1, chunks);
        inner.bytes(2, sha256);
      });
    case 'abort':
      return writer.message(4, frame, (inner, { reason }) => inner.text(1, reason));
    default:
      return unreachable(frame, 'snapshot frame');
  }
}

function readFrame(reader: WireReader): SnapshotFrame {
  switch (reader.nextField()) {
    case 1:
      return reader.message(
        1,
        (inner) => ({ kind: 'begin', transferId: inner.bytes(1), header: headerOf(inner, inner.message(2, readGroupMessage)) }) as const,
      );
    case 2:
      return reader.message(2, (inner) => ({ kind: 'data', sequence: inner.uint(1), data: inner.bytes(2), crc32: inner.fixed32(3) }) as const);
    case 3:
      return reader.message(3, (inner) => ({ kind: 'end', chunks: inner.uint(1), sha256: inner.bytes(2) }) as const);
    case 4:
      return reader.message(4, (inner) => ({ kind: 'abort', reason: inner.text(1) }) as const);
    default:
      return reader.fail('an unknown frame');
  }
}

function headerOf(reader: WireReader, { group, message }: GroupMessage): SnapshotHeader {
  return message.kind === 'snapshot' ? { group, message } : reader.fail('not the header of a snapshot');
}

function writeAnswer(writer: WireWriter, answer: SnapshotAnswer): void {
  switch (answer.kind) {
    case 'resume-from':
      return writer.optionalUint(1, answer.sequence);
    case 'consumed':
      return writer.optionalUint(2, answer.sequence);
    case 'installed':
      return writer.empty(3);
    case 'refused':
      return writer.message(4, answer, (inner, { reason }) => inner.text(1, reason));
    default:
      return unreachable(answer, 'answer to a snapshot');
  }
}

function readAnswer(reader: WireReader): SnapshotAnswer {
  switch (reader.nextField()) {
    case 1:
      return { kind: 'resume-from', sequence: reader.optionalUint(1) ?? 0 };
    case 2:
      return { kind: 'consumed', sequence: reader.optionalUint(2) ?? 0 };
    case 3:
      return reader.empty(3) ? { kind: 'installed' } : reader.fail('not an answer');
    case 4:
      return { kind: 'refused', reason: reader.message(4, (inner) => inner.text(1)) };
    default:
      return reader.fail('an unknown answer');
  }
}
