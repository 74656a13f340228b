/** What a folder that belongs to no cluster hears from the others before anything is written: who is a stranger ends there. */
import { foundingOf, incarnation, ordinal, MemberTable, type FoundingStatement, type IdentityRecord, type IdentityState } from '@mas/membership';
import { VirtualClock } from '@mas/testkit/clock';
import { rmId, silentLogger, type RmId } from '@mas/values';
import { platformDigest } from '../digest';
import { BecomingMember, newIdentity, statementOf } from './becoming-member';
import { FolderIdentity } from './folder-identity';
import { lookAround } from './look-around';
import { MemoryIdentityStore } from '../testing/memory-identity-store';
import type { MembershipClient } from './membership-ports';

const [ONE, TWO, THREE, FOUR] = [rmId(1), rmId(2), rmId(3), rmId(4)];
const FIRST = [ONE, TWO, THREE];
const settings = { buckets: 3, replicas: 3, policy: 'p', semanticsVersion: 1 };
const disk = (rm: RmId, number = 0): IdentityRecord['incarnation'] => incarnation(`${number}${rm}`.padEnd(32, '0'));
const founding = foundingOf(
  FIRST.map((rm) => ({ rm, incarnation: disk(rm), isExisting: false })),
  settings,
  (text) => platformDigest.sha256Hex(text),
);
const member: IdentityRecord = { ...newIdentity(disk(TWO), 'new'), state: { kind: 'member', founding }, members: MemberTable.ofFounders(founding.founders) };

interface Answering {
  readonly becoming: BecomingMember;
  readonly clock: VirtualClock;
  readonly identity: FolderIdentity;
  readonly lines: { readonly reason: string; readonly refused: string; readonly text: string }[];
}

/** rm-2, with this record. */
function answering(record: IdentityRecord, buckets = 3): Answering {
  const lines: Answering['lines'] = [];
  const logger = { ...silentLogger, warn: (facts: object, text: string) => void lines.push({ ...(facts as Omit<Answering['lines'][number], 'text'>), text }) };
  const identity = new FolderIdentity(new MemoryIdentityStore(record), record);
  const client: MembershipClient = {
    found: () => Promise.resolve(null),
    introduce: () => Promise.resolve(null),
    rejoin: () => Promise.resolve(null),
    join: () => Promise.resolve([]),
  };
  const clock = new VirtualClock();
  return {
    lines,
    clock,
    identity,
    becoming: new BecomingMember({
      self: TWO,
      first: FIRST,
      settings: { ...settings, buckets },
      identity,
      client,
      keepMap: () => Promise.resolve(),
      digest: platformDigest,
      clock,
      logger,
    }),
  };
}

async function look(self: RmId, record: IdentityRecord, { becoming }: Answering): Promise<string> {
  const asked: boolean[] = [];
  const found = (rm: RmId, statement: FoundingStatement, isQuestion: boolean): Promise<FoundingStatement | null> => {
    asked.push(isQuestion);
    return Promise.resolve(rm === TWO ? becoming.found(statement, isQuestion) : null);
  };
  const client: MembershipClient = { found, introduce: () => Promise.resolve(null), rejoin: () => Promise.resolve(null), join: () => Promise.resolve([]) };
  const outcome = await lookAround({ self, first: [...new Set([...FIRST, self])].sort((a, b) => a - b), settings, record, client }).then(
    () => 'goes on',
    (error: { readonly reason: string }) => error.reason,
  );
  expect(asked.every((isQuestion) => isQuestion)).toBe(true);
  return outcome;
}

const admitted: IdentityState = { kind: 'admitted', clusterId: founding.clusterId, ordinal: ordinal(1), settings };

describe.each<[string, IdentityRecord]>([
  ['a founder', member],
  [
    'one whose disk was replaced since',
    {
      ...member,
      incarnation: disk(TWO, 1),
      state: admitted,
      members: new MemberTable(
        3,
        FIRST.map((rm) => ({ rm, ordinal: ordinal(rm === TWO ? 1 : 0), incarnation: disk(rm, rm === TWO ? 1 : 0) })),
      ),
    },
  ],
])('asking %s', (_who, record) => {
  test('a Resource Manager that the cluster does not have is a stranger, and named by both', async () => {
    const two = answering(record);
    expect(await look(FOUR, newIdentity(disk(FOUR), 'new'), two)).toBe('FOUNDED_WITH_ANOTHER');
    expect(two.lines).toMatchObject([
      { reason: 'FOUNDED_WITH_ANOTHER', refused: 'rm-4 (04000000)', text: expect.stringContaining(founding.clusterId) as unknown },
    ]);
  });

  test('a new folder of one that it has is a lost one', async () => {
    const two = answering(record);
    expect(await look(ONE, newIdentity(disk(ONE, 7), 'new'), two)).toBe('DISK_LOST');
    await look(ONE, newIdentity(disk(ONE, 7), 'new'), two);
    expect(two.lines).toHaveLength(1);
  });

  test('one that waits to be admitted, and one that is a member, have nothing to ask', async () => {
    expect(await look(ONE, newIdentity(disk(ONE, 7), 'rejoining'), answering(record))).toBe('goes on');
    expect(await look(ONE, { ...member, incarnation: disk(ONE) }, answering(record))).toBe('goes on');
  });
});

test('other settings are found out while nothing is founded, by who asks and by who is asked', async () => {
  const two = answering(newIdentity(disk(TWO), 'new'), 4);
  expect(await look(ONE, newIdentity(disk(ONE), 'new'), two)).toBe('SETTINGS_DIFFER');
  await expect(two.becoming.run()).rejects.toMatchObject({
    reason: 'SETTINGS_DIFFER',
    message: expect.stringMatching(/^--buckets is 4 here, and 3 at rm-1\./) as unknown,
  });
});

test('a question is not remembered: nothing is founded with an incarnation that is not durable yet', async () => {
  const { becoming, clock, identity } = answering(newIdentity(disk(TWO), 'new'));
  const running = becoming.run();
  const say = async (number: number, isQuestion: boolean): Promise<void> => {
    for (const rm of [ONE, THREE])
      becoming.found(statementOf({ self: rm, first: FIRST, settings }, newIdentity(disk(rm, number), 'new')) as FoundingStatement, isQuestion);
    await clock.advance(500);
  };
  await say(7, true);
  expect(identity.current().state).toEqual({ kind: 'alone' });
  await say(0, false);
  expect(identity.current().state).toEqual({ kind: 'agreed', founding });
  becoming.stop();
  await clock.advance(500);
  expect(await running).toBeNull();
});
