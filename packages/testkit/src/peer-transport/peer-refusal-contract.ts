/**
 * What every PeerTransport must do about who is no peer (docs/adr/0011, rule 2): it is turned away at the end that finds out and hears why,
 * nothing of it arrives, it hears nothing, and the stream of the right peer, which has the same number, lives on.
 */
import type { PeerMessage } from '@mas/raft';
import { founderId, LocalMember, MemberTable, ordinal, PositionMarks, runOf, type PeerRefusal } from '@mas/membership';
import { rmId, type RmId } from '@mas/values';
import { FIRST_RUN, madeUpCluster, madeUpIncarnation } from '../membership';
import { acceptedAt, batchOf, chunks, headerOf, RecordingReceiver, streamOf, type TransportPair } from './contract-parts';

const [ONE, TWO, THREE] = [rmId(1), rmId(2), rmId(3)];
const cluster = madeUpCluster([ONE, TWO]);
const other = madeUpCluster([ONE, TWO], 2);
const POSITION = 100;
/** What is on its way when both have just started has arrived by then. */
const PINGS = 20;
const founder = (rm = ONE): LocalMember => cluster.local(rm, () => POSITION);

/** The table in which the second incarnation of rm-1 counts. */
const SECOND = { rm: ONE, ordinal: ordinal(1) };
const knowingSecond = (member: LocalMember): LocalMember => {
  member.adopt(new MemberTable(1, [{ ...SECOND, incarnation: madeUpIncarnation(SECOND) }, ...cluster.members.members().filter(({ rm }) => rm !== ONE)]));
  return member;
};

interface RefusedGuest {
  readonly what: string;
  readonly reason: PeerRefusal['name'];
  readonly guest: () => LocalMember;
  /** Who is right, and what the other one knows. */
  readonly right?: () => LocalMember;
  readonly judge?: () => LocalMember;
}

const GUESTS: readonly RefusedGuest[] = [
  { what: 'of another cluster', reason: 'ANOTHER_CLUSTER', guest: () => other.local(ONE, () => POSITION) },
  {
    what: 'of an incarnation that was replaced',
    reason: 'REPLACED_INCARNATION',
    guest: () => founder(),
    right: () => knowingSecond(cluster.local(ONE, () => POSITION, SECOND.ordinal)),
    judge: () => knowingSecond(founder(TWO)),
  },
  { what: 'of an incarnation that nobody has admitted', reason: 'NOT_KNOWN_YET', guest: () => cluster.local(ONE, () => POSITION, SECOND.ordinal) },
  { what: 'with a folder of its own under the id of one that runs', reason: 'OTHER_INCARNATION', guest: () => otherFolder(ONE) },
  { what: 'that the cluster does not have', reason: 'UNKNOWN_RESOURCE_MANAGER', guest: () => madeUpCluster([ONE, TWO, THREE]).local(THREE, () => POSITION) },
  {
    what: 'with a copy of an earlier time',
    reason: 'OLD_COPY',
    guest: () => copyOf(ONE, POSITION - 1),
    judge: () => {
      const judge = founder(TWO);
      judge.heard([{ ...founderId(ONE), run: FIRST_RUN.run, position: POSITION }]);
      return judge;
    },
  },
];

/** Made when the log of the original ended there, and started. */
function copyOf(rm: RmId, from: number): LocalMember {
  const member = cluster.local(rm, () => POSITION);
  member.begin([FIRST_RUN, { run: runOf('2'.padStart(8, '0').padEnd(20, 'c')), from }]);
  return member;
}

function otherFolder(rm: RmId): LocalMember {
  const self = { ...founderId(rm), incarnation: madeUpIncarnation(founderId(rm), 9) };
  const members = new MemberTable(
    0,
    cluster.members.members().map((each) => (each.rm === rm ? self : each)),
  );
  const member = new LocalMember({ clusterId: cluster.clusterId, self, members, marks: new PositionMarks(), position: () => POSITION });
  member.begin([FIRST_RUN]);
  return member;
}

/** @param open for the processes of these members; nothing is asked of how often either of them dials */
export function peerRefusalContract(name: string, open: (members: readonly [LocalMember, LocalMember]) => Promise<TransportPair>): void {
  describe(`peer transport, who is no peer: ${name}`, () => {
    let pair: TransportPair;
    const receivers = (): [RecordingReceiver, RecordingReceiver] => [new RecordingReceiver(), new RecordingReceiver()];
    const sent = (index: number): PeerMessage => acceptedAt(pair, index);

    afterEach(() => pair.dispose());

    test.each(GUESTS)('one $what is turned away, and the right one\u2019s stream lives on', async ({ reason, guest, right, judge }) => {
      pair = await open([(right ?? founder)(), (judge ?? (() => founder(TWO)))()]);
      const [one, two] = receivers();
      pair.transports[0].start(one);
      pair.transports[1].start(two);
      await pair.eventually('the right ones are connected', () => one.connections.length > 0 && two.connections.length > 0);
      for (let index = 1; index <= PINGS; index += 1) {
        pair.transports[0].send(TWO, batchOf([sent(index)]));
        await pair.eventually('the right one is heard', () => two.messages.length === index);
      }
      const connections = [[...one.connections], [...two.connections]];
      const stranger = new RecordingReceiver();
      const transport = pair.guest(guest());
      transport.start(stranger);
      await pair.eventually('it is turned away', () => pair.refusals().includes(reason));
      expect(transport.send(TWO, batchOf([sent(666)]))).toBe(false);
      let snapshot: string | undefined;
      transport.sendSnapshot(TWO, headerOf(pair), streamOf(chunks(2, 1_000))).then(
        () => (snapshot = 'sent'),
        () => (snapshot = 'refused'),
      );
      await pair.eventually('its snapshot is refused', () => snapshot !== undefined);
      pair.transports[0].send(TWO, batchOf([sent(PINGS + 1)]));
      await pair.eventually('the right one is still heard', () => two.messages.length === PINGS + 1);
      expect(two.messages).toEqual(Array.from({ length: PINGS + 1 }, (_, at) => sent(at + 1)));
      expect([snapshot, stranger.connections, stranger.batches]).toEqual(['refused', [], []]);
      await transport.close();
      expect(pair.transports[0].send(TWO, batchOf([sent(PINGS + 2)]))).toBe(true);
      await pair.eventually('also after it has gone', () => two.messages.length === PINGS + 2);
      expect([one.connections, two.connections]).toEqual(connections);
    });

    test.each<[string, () => LocalMember, PeerRefusal['name']]>([
      ['a process of another cluster', () => other.local(TWO, () => POSITION), 'ANOTHER_CLUSTER'],
      ['a process with another folder', () => otherFolder(TWO), 'OTHER_INCARNATION'],
    ])('%s at the other address: neither end takes the other', async (_what, at, reason) => {
      pair = await open([founder(), at()]);
      const [one, two] = receivers();
      pair.transports[0].start(one);
      pair.transports[1].start(two);
      await pair.eventually('both have said so', () => pair.refusals().filter((each) => each === reason).length >= 2);
      const outcomes: string[] = [];
      for (const from of [0, 1] as const) {
        expect(pair.transports[from].send(from === 0 ? TWO : ONE, batchOf([sent(1)]))).toBe(false);
        pair.transports[from].sendSnapshot(from === 0 ? TWO : ONE, headerOf(pair), streamOf(chunks(2, 1_000))).then(
          () => outcomes.push('sent'),
          () => outcomes.push('refused'),
        );
      }
      await pair.eventually('both snapshots are refused', () => outcomes.length === 2);
      expect([outcomes, one.connections, two.connections, one.batches, two.batches]).toEqual([['refused', 'refused'], [], [], [], []]);
    });
  });
}
