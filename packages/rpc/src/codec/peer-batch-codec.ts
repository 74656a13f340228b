/** What one process sends another in one write: messages of many groups and their coalesced heartbeats. */
import { isRun, raftIdOf, runOf, type PositionMark } from '@mas/membership';
import type { CoalescedHeartbeat, GivenUp, GroupMessage, PeerBatch } from '@mas/multi-raft';
import { readWire, type WireReader } from '../wire/wire-reader';
import { WireWriter } from '../wire/wire-writer';
import { readClockSignal, writeClockSignal } from './clock-messages';
import { readCondition, writeCondition } from './condition-messages';
import { memberOfId, readNodeId } from './conf-state-messages';
import { readPeerMessage, writePeerMessage } from './peer-message-messages';

export class PeerBatchCodec {
  private readonly writer = new WireWriter();

  encode(batch: PeerBatch): Buffer {
    this.writer.discard();
    this.writer.messages(1, batch.messages, writeGroupMessage);
    this.writer.messages(2, batch.heartbeats, writeHeartbeat);
    this.writer.messages(3, batch.heartbeatResponses, writeHeartbeat);
    this.writer.messages(4, batch.positions, writePosition);
    this.writer.optionalMessage(5, batch.condition, writeCondition);
    this.writer.messages(6, batch.givenUp, writeGivenUp);
    this.writer.optionalMessage(7, batch.clock, writeClockSignal);
    return this.writer.finish();
  }

  /** What a newer version has added around messages and in signs of life is passed by (docs/adr/0030). @throws MalformedBytes */
  decode(bytes: Uint8Array): PeerBatch {
    return readWire(bytes, readBatch, 'open');
  }
}

export function writeGroupMessage(writer: WireWriter, item: GroupMessage): void {
  writer.uint(1, item.group);
  writer.uint(2, item.message.from);
  writer.uint(3, item.message.to);
  writePeerMessage(writer, item.message);
}

export function readGroupMessage(reader: WireReader): GroupMessage {
  const group = reader.bucket(1);
  const from = readNodeId(reader, 2);
  const to = readNodeId(reader, 3);
  return { group, message: readPeerMessage(reader, from, to) };
}

function readBatch(reader: WireReader): PeerBatch {
  return {
    messages: reader.messages(1, readGroupMessage),
    heartbeats: reader.messages(2, readHeartbeat),
    heartbeatResponses: reader.messages(3, readHeartbeat),
    positions: reader.messages(4, readPosition),
    condition: reader.optionalMessage(5, readCondition),
    givenUp: reader.messages(6, readGivenUp),
    clock: reader.optionalMessage(7, readClockSignal),
  };
}

function writeHeartbeat(writer: WireWriter, heartbeat: CoalescedHeartbeat): void {
  writer.uint(1, heartbeat.group);
  writer.uint(2, heartbeat.term);
  writer.uint(3, heartbeat.commit);
  writer.uint(4, heartbeat.readSequence);
  writer.bool(5, heartbeat.quiesce);
}

function readHeartbeat(reader: WireReader): CoalescedHeartbeat {
  return { group: reader.bucket(1), term: reader.uint(2), commit: reader.uint(3), readSequence: reader.uint(4), quiesce: reader.bool(5) };
}

function writePosition(writer: WireWriter, mark: PositionMark): void {
  writer.uint(1, raftIdOf(mark));
  writer.uint(2, mark.position);
  writer.text(3, mark.run);
}

function readPosition(reader: WireReader): PositionMark {
  const of = memberOfId(reader, reader.uint(1));
  const position = reader.uint(2);
  const run = reader.text(3);
  return { ...of, position, run: isRun(run) ? runOf(run) : reader.fail('not a run of a data folder') };
}

function writeGivenUp(writer: WireWriter, { group, term }: GivenUp): void {
  writer.uint(1, group);
  writer.uint(2, term);
}

function readGivenUp(reader: WireReader): GivenUp {
  return { group: reader.bucket(1), term: reader.uint(2) };
}
