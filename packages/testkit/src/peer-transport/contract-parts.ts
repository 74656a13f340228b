/** What the contracts of a transport share: the processes under test, a receiver that keeps what it hears, and things to send. */
import { logIndex, nodeId, NO_DATA, term, type ConfState, type PeerMessage, type SnapshotMessage } from '@mas/raft';
import type { LocalMember, MemberId, PeerRefusal } from '@mas/membership';
import { EMPTY_BATCH, type PeerBatch, type PeerReceiver, type PeerTransport, type SnapshotHeader } from '@mas/multi-raft';
import { bucketId, type RmId } from '@mas/values';

/** Two processes that can reach each other; not yet started. */
export interface TransportPair {
  readonly ids: readonly [RmId, RmId];
  readonly transports: readonly [PeerTransport, PeerTransport];
  /** Lets time pass until it holds, a few seconds at most. @throws when it does not come to hold. */
  eventually(what: string, condition: () => boolean): Promise<void>;
  /** A further process, that dials both, under whatever name it has; nobody dials it. Not yet started. */
  guest(member: LocalMember): PeerTransport;
  /** Why anybody was turned away so far, as either end has said or heard it. */
  refusals(): readonly PeerRefusal['name'][];
  /** Breaks what connections there are; the transports may connect again at once. */
  breakConnections(): Promise<void>;
  /** Ends everything that the test has left open. */
  dispose(): Promise<void>;
}

export class RecordingReceiver implements PeerReceiver {
  readonly batches: { readonly from: MemberId; readonly batch: PeerBatch }[] = [];
  readonly connections: string[] = [];
  onSnapshotDo: (header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>) => Promise<void> = () => Promise.reject(new Error('not expected'));

  onBatch(from: MemberId, batch: PeerBatch): void {
    this.batches.push({ from, batch });
  }

  onSnapshot(_from: MemberId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.onSnapshotDo(header, chunks);
  }

  onConnected({ rm }: MemberId): void {
    this.connections.push(`+${rm}`);
  }

  onDisconnected({ rm }: MemberId): void {
    this.connections.push(`-${rm}`);
  }

  /** Who was heard, in order. */
  get senders(): readonly MemberId[] {
    return this.batches.map(({ from }) => from);
  }

  get messages(): readonly PeerMessage[] {
    return this.batches.flatMap(({ batch }) => batch.messages.map((one) => one.message));
  }
}

export function chunks(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => new Uint8Array(bytes).fill(at + 1));
}

export async function* streamOf(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of list) yield await Promise.resolve(chunk);
}

export function batchOf(messages: readonly PeerMessage[]): PeerBatch {
  return { ...EMPTY_BATCH, messages: messages.map((message) => ({ group: bucketId(7), message })) };
}

export function routeOf({ ids }: TransportPair): {
  readonly from: ReturnType<typeof nodeId>;
  readonly to: ReturnType<typeof nodeId>;
  readonly term: ReturnType<typeof term>;
} {
  return { from: nodeId(ids[0]), to: nodeId(ids[1]), term: term(3) };
}

export function acceptedAt(pair: TransportPair, index: number): PeerMessage {
  return { kind: 'append-accepted', ...routeOf(pair), index: logIndex(index) };
}

export function headerOf(pair: TransportPair): SnapshotHeader {
  const confState: ConfState = {
    voters: [nodeId(1), nodeId(2)],
    learners: [nodeId(4)],
    votersOutgoing: [nodeId(1), nodeId(3)],
    learnersNext: [nodeId(3)],
    autoLeave: true,
  };
  const message: SnapshotMessage = {
    kind: 'snapshot',
    ...routeOf(pair),
    snapshot: { metadata: { index: logIndex(12), term: term(2), confState }, data: NO_DATA },
  };
  return { group: bucketId(7), message };
}
