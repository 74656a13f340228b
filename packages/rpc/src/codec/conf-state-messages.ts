/** A Raft configuration, in checkpoints and in snapshot messages. */
import { isRaftId, memberOfRaftId, type MemberId } from '@mas/membership';
import type { ConfState, NodeId } from '@mas/raft';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

export function writeConfState(writer: WireWriter, state: ConfState): void {
  writer.packedUints(1, state.voters);
  writer.packedUints(2, state.learners);
  writer.packedUints(3, state.votersOutgoing);
  writer.packedUints(4, state.learnersNext);
  writer.bool(5, state.autoLeave);
}

export function readConfState(reader: WireReader): ConfState {
  return {
    voters: readNodeIds(reader, 1),
    learners: readNodeIds(reader, 2),
    votersOutgoing: readNodeIds(reader, 3),
    learnersNext: readNodeIds(reader, 4),
    autoLeave: reader.bool(5),
  };
}

export function readNodeId(reader: WireReader, field: number): NodeId {
  return nodeIdOf(reader, reader.uint(field));
}

function readNodeIds(reader: WireReader, field: number): NodeId[] {
  return reader.packedUints(field).map((value) => nodeIdOf(reader, value));
}

/** Which incarnation a Raft id is of. */
export function memberOfId(reader: WireReader, raftId: number): MemberId {
  return isRaftId(raftId) ? memberOfRaftId(raftId) : reader.fail('not a Raft id of a resource manager');
}

function nodeIdOf(reader: WireReader, value: number): NodeId {
  return value > 0 ? (value as NodeId) : reader.fail('not a node id');
}
