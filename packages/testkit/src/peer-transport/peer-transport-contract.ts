/** What every PeerTransport must do, run on the memory network here, on the real transport and on the simulator's in their own packages. */
import { logIndex, NO_DATA, term, type Entry, type PeerMessage } from '@mas/raft';
import { WELL, type ClockSignal } from '@mas/health';
import { founderId, ordinal, runOf, type LocalMember, type PositionMark } from '@mas/membership';
import { EMPTY_BATCH, type CoalescedHeartbeat, type PeerBatch } from '@mas/multi-raft';
import { bucketId, rmId, type RmId } from '@mas/values';
import { FIRST_RUN, madeUpCluster } from '../membership';
import { acceptedAt, batchOf, chunks, headerOf, RecordingReceiver, routeOf, streamOf, type TransportPair } from './contract-parts';
import { peerRefusalContract } from './peer-refusal-contract';

const cluster = madeUpCluster([rmId(1), rmId(2)]);

/** @param open for the processes of these members */
export function peerTransportContract(name: string, open: (members: readonly [LocalMember, LocalMember]) => Promise<TransportPair>): void {
  describe(`peer transport: ${name}`, () => {
    let pair: TransportPair;
    let receivers: readonly [RecordingReceiver, RecordingReceiver];

    beforeEach(async () => {
      pair = await open([cluster.local(rmId(1), () => 0), cluster.local(rmId(2), () => 0)]);
      receivers = [new RecordingReceiver(), new RecordingReceiver()];
      pair.transports[0].start(receivers[0]);
      pair.transports[1].start(receivers[1]);
      await pair.eventually('both are connected', () => receivers.every((one) => one.connections.length > 0));
    });

    afterEach(() => pair.dispose());

    test('both ends hear of the connection', () => {
      expect(receivers[0].connections).toEqual([`+${pair.ids[1]}`]);
      expect(receivers[1].connections).toEqual([`+${pair.ids[0]}`]);
    });

    test('every kind of message arrives unchanged, in order, from its sender', async () => {
      const messages = messagesBetween(pair);
      expect(pair.transports[0].send(pair.ids[1], batchOf(messages.slice(0, 3)))).toBe(true);
      expect(pair.transports[0].send(pair.ids[1], batchOf(messages.slice(3)))).toBe(true);
      await pair.eventually('everything has arrived', () => receivers[1].messages.length === messages.length);
      expect(receivers[1].messages).toEqual(messages);
      expect(receivers[1].batches.every(({ from }) => from.rm === pair.ids[0] && from.ordinal === 0)).toBe(true);
      expect(receivers[1].batches[0]!.batch.messages[0]!.group).toBe(7);
    });

    test('heartbeats of many groups arrive unchanged, both ways', async () => {
      const heartbeats: CoalescedHeartbeat[] = [0, 1, 65_535].map((group) => ({
        group: bucketId(group),
        term: 4_294_967_297,
        commit: group,
        readSequence: 3,
        quiesce: group === 1,
      }));
      pair.transports[1].send(pair.ids[0], { ...EMPTY_BATCH, heartbeats, heartbeatResponses: [heartbeats[1]!] });
      await pair.eventually('they have arrived', () => receivers[0].batches.some(({ batch }) => batch.heartbeats.length > 0));
      const batches = receivers[0].batches.map((one) => one.batch);
      expect(batches.flatMap((batch) => batch.heartbeats)).toEqual(heartbeats);
      expect(batches.flatMap((batch) => batch.heartbeatResponses)).toEqual([heartbeats[1]]);
    });

    test('a batch without content arrives: it is a sign of life', async () => {
      pair.transports[0].send(pair.ids[1], batchOf([]));
      await pair.eventually('it has arrived', () => receivers[1].batches.length === 1);
      expect(receivers[1].batches[0]).toMatchObject({ from: founderId(pair.ids[0]), batch: batchOf([]) });
    });

    test('positions arrive unchanged', async () => {
      const positions: PositionMark[] = [
        { ...founderId(pair.ids[0]), run: FIRST_RUN.run, position: 9_007_199_254_740_991 },
        { rm: rmId(65_535), ordinal: ordinal(65_535), run: runOf('f'.repeat(20)), position: 0 },
      ];
      pair.transports[0].send(pair.ids[1], { ...batchOf([]), positions });
      await pair.eventually('they have arrived', () => receivers[1].batches.length === 1);
      expect(receivers[1].batches[0]?.batch.positions).toEqual(positions);
    });

    test('the word of the sender about itself, and the groups that it has given up, arrive unchanged', async () => {
      const said: readonly Pick<PeerBatch, 'condition' | 'givenUp'>[] = [
        { condition: WELL, givenUp: [] },
        { condition: { kind: 'doubtful', of: ['disk'] }, givenUp: [{ group: bucketId(65_535), term: 4_294_967_297 }] },
        { condition: { kind: 'ailing', of: ['disk', 'stall', 'store'] }, givenUp: [1, 2].map((group) => ({ group: bucketId(group), term: 1 })) },
        { condition: null, givenUp: [] },
      ];
      for (const one of said) pair.transports[0].send(pair.ids[1], { ...EMPTY_BATCH, ...one });
      await pair.eventually('all have arrived', () => receivers[1].batches.length === said.length);
      expect(receivers[1].batches.map(({ batch }) => ({ condition: batch.condition, givenUp: batch.givenUp }))).toEqual(said);
    });

    test('what the sender\u2019s clocks read arrives unchanged', async () => {
      const clocks: readonly ClockSignal[] = [
        { wallMs: 1_700_000_000_000.125, sentMs: 0, echo: null, agreedMs: null },
        { wallMs: 0, sentMs: 86_400_000.001, echo: { sentMs: 12.5, heldMs: 0.25 }, agreedMs: 1_700_000_000_000.5 },
      ];
      for (const clock of clocks) pair.transports[0].send(pair.ids[1], { ...EMPTY_BATCH, clock });
      await pair.eventually('all have arrived', () => receivers[1].batches.length === clocks.length);
      expect(receivers[1].batches.map(({ batch }) => batch.clock)).toEqual(clocks);
    });

    test('many batches keep their order', async () => {
      const count = 500;
      for (let at = 1; at <= count; at += 1) pair.transports[0].send(pair.ids[1], batchOf([acceptedAt(pair, at)]));
      await pair.eventually('all have arrived', () => receivers[1].messages.length === count);
      expect(receivers[1].messages.map((one) => (one.kind === 'append-accepted' ? one.index : 0))).toEqual(Array.from({ length: count }, (_, at) => at + 1));
    });

    test('a batch of several megabytes arrives', async () => {
      const data = new Uint8Array(6 * 1024 * 1024).map((_, at) => at % 251);
      pair.transports[0].send(pair.ids[1], batchOf([appendOf(pair, [entryOf(5, data)])]));
      await pair.eventually('it has arrived', () => receivers[1].messages.length === 1);
      const [message] = receivers[1].messages;
      expect(message?.kind === 'append' && Buffer.compare(message.entries[0]!.data, data)).toBe(0);
    });

    test('a process that nobody knows takes nothing, and that is said at once', () => {
      expect(pair.transports[0].send(60_000 as RmId, batchOf([acceptedAt(pair, 1)]))).toBe(false);
    });

    test('a closed peer: the other end hears it, and sending to it is refused, not an error', async () => {
      await pair.transports[1].close();
      await pair.eventually('the end is known', () => receivers[0].connections.at(-1) === `-${pair.ids[1]}`);
      expect(pair.transports[0].send(pair.ids[1], batchOf([acceptedAt(pair, 1)]))).toBe(false);
    });

    test('a broken connection is reported, made again, and carries batches again', async () => {
      await pair.breakConnections();
      await pair.eventually('both have seen the break and the return', () =>
        receivers.every((one) => one.connections.length >= 3 && one.connections.at(-1)?.startsWith('+') === true),
      );
      expect(receivers[0].connections[1]).toBe(`-${pair.ids[1]}`);
      pair.transports[0].send(pair.ids[1], batchOf([acceptedAt(pair, 9)]));
      await pair.eventually('it has arrived', () => receivers[1].messages.length === 1);
    });

    describe('snapshots', () => {
      test('every byte arrives in order, and the sender hears of it after the receiver is done', async () => {
        const received: Uint8Array[] = [];
        let isInstalled = false;
        let release: () => void = () => undefined;
        const released = new Promise<void>((resolve) => (release = resolve));
        receivers[1].onSnapshotDo = async (header, chunks) => {
          expect(header).toEqual(headerOf(pair));
          for await (const chunk of chunks) received.push(Uint8Array.from(chunk));
          await released;
          isInstalled = true;
        };
        const sent = chunks(20, 70_000);
        let outcome: string | undefined;
        pair.transports[0].sendSnapshot(pair.ids[1], headerOf(pair), streamOf(sent)).then(
          () => (outcome = `sent, installed: ${isInstalled}`),
          (error: unknown) => (outcome = String(error)),
        );
        await pair.eventually('all bytes are there', () => Buffer.concat(received).length === 20 * 70_000);
        expect(outcome).toBeUndefined();
        release();
        await pair.eventually('the sender knows', () => outcome !== undefined);
        expect(outcome).toBe('sent, installed: true');
        expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
      });

      test('a receiver that refuses, or needs no byte of it, ends the transfer', async () => {
        receivers[1].onSnapshotDo = () => Promise.reject(new Error('no room'));
        expect(await outcomeOf(pair, streamOf(chunks(50, 60_000)))).toMatch(/^failed/);
        receivers[1].onSnapshotDo = () => Promise.resolve();
        expect(await outcomeOf(pair, streamOf(chunks(50, 60_000)))).toBe('sent');
      });

      test('a source that fails half-way is never taken for a shorter snapshot', async () => {
        let seen: 'end' | 'error' | undefined;
        receivers[1].onSnapshotDo = async (_, stream) => {
          seen = await endOf(stream);
          if (seen === 'error') throw new Error('incomplete');
        };
        expect(await outcomeOf(pair, failingAfter(chunks(3, 1000)))).toMatch(/^failed/);
        expect(seen).not.toBe('end');
      });

      test('a connection that breaks half-way: all bytes once, or an error at both ends', async () => {
        const sent = chunks(40, 50_000);
        const ends: string[] = [];
        receivers[1].onSnapshotDo = async (_, stream) => {
          const got: Uint8Array[] = [];
          try {
            for await (const chunk of stream) got.push(Uint8Array.from(chunk));
          } catch (cause) {
            ends.push('error');
            throw cause;
          }
          ends.push(Buffer.concat(got).equals(Buffer.concat(sent)) ? 'whole' : 'truncated');
        };
        const outcome = await outcomeOf(
          pair,
          breakingAfter(sent, 15, () => pair.breakConnections()),
        );
        expect(ends).not.toContain('truncated');
        if (outcome === 'sent') expect(ends).toContain('whole');
      });
    });
  });

  peerRefusalContract(name, open);
}

async function outcomeOf(pair: TransportPair, stream: AsyncIterable<Uint8Array>): Promise<string> {
  let outcome: string | undefined;
  pair.transports[0].sendSnapshot(pair.ids[1], headerOf(pair), stream).then(
    () => (outcome = 'sent'),
    (error: unknown) => (outcome = `failed: ${String(error)}`),
  );
  await pair.eventually('the transfer ends', () => outcome !== undefined);
  return outcome ?? '';
}

async function endOf(stream: AsyncIterable<Uint8Array>): Promise<'end' | 'error'> {
  try {
    for await (const chunk of stream) void chunk;
    return 'end';
  } catch {
    return 'error';
  }
}

async function* failingAfter(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* streamOf(list);
  throw new Error('the store went away');
}

async function* breakingAfter(list: readonly Uint8Array[], at: number, breakIt: () => Promise<void>): AsyncGenerator<Uint8Array> {
  yield* streamOf(list.slice(0, at));
  await breakIt();
  yield* streamOf(list.slice(at));
}

function entryOf(index: number, data: Uint8Array, type: Entry['type'] = 'normal'): Entry {
  return { term: term(2), index: logIndex(index), type, data };
}

function appendOf(pair: TransportPair, entries: readonly Entry[]): PeerMessage {
  return { kind: 'append', ...routeOf(pair), prevIndex: logIndex(4), prevTerm: term(2), entries, commit: logIndex(4) };
}

/** One of each kind that hosts exchange, with values at the edges. */
function messagesBetween(pair: TransportPair): readonly PeerMessage[] {
  const route = routeOf(pair);
  return [
    appendOf(pair, [
      entryOf(5, Uint8Array.of(0, 255, 10)),
      entryOf(6, NO_DATA),
      entryOf(7, Uint8Array.of(1), 'conf-change'),
      entryOf(8, NO_DATA, 'conf-change-v2'),
    ]),
    appendOf(pair, []),
    { kind: 'append-accepted', ...route, index: logIndex(9_007_199_254_740_991) },
    { kind: 'append-rejected', ...route, index: logIndex(5), hintIndex: logIndex(3), hintTerm: term(0) },
    { kind: 'vote', ...route, lastIndex: logIndex(8), lastTerm: term(2), transfer: true },
    { kind: 'pre-vote', ...route, lastIndex: logIndex(0), lastTerm: term(0), transfer: false },
    { kind: 'vote-response', ...route, granted: true },
    { kind: 'pre-vote-response', ...route, granted: false },
    { kind: 'timeout-now', ...route },
  ];
}
