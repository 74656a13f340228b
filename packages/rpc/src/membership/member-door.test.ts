/** What both ends write about a refusal: who refuses whom and why, once a minute however often it is dialled. */
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { MemberTable, ordinal, type PeerName } from '@mas/membership';
import { VirtualClock } from '@mas/testkit/clock';
import { madeUpCluster, madeUpIncarnation } from '@mas/testkit/membership';
import { SAY_AGAIN_MS } from '@mas/resource-manager';
import { rmId, silentLogger, type Logger, type RmId } from '@mas/values';
import type { CallHead } from '../door/methods';
import { MemberDoor } from './member-door';
import { CoordinatorCaller } from './node-caller';
import { sayCluster, sayMember } from './node-names';
import { refusalStatus } from './refusal-status';

const RMS = [rmId(1), rmId(2), rmId(3)] as const;
const [ONE, TWO, THREE] = RMS;
const cluster = madeUpCluster(RMS);
const other = madeUpCluster(RMS, 2);

interface Line {
  readonly level: string;
  readonly refused: string;
  readonly by: string;
  readonly reason: string;
  readonly text: string;
}

function logOf(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const keep = (level: string) => (facts: object, text: string) => void lines.push({ level, text, ...(facts as Omit<Line, 'level' | 'text'>) });
  return { lines, logger: { ...silentLogger, info: keep('info'), warn: keep('warn'), error: keep('error') } };
}

function doorOf(
  rm: RmId,
  members = cluster.members,
): { readonly door: MemberDoor; readonly clock: VirtualClock; readonly lines: Line[]; readonly ended: string[] } {
  const clock = new VirtualClock();
  const { lines, logger } = logOf();
  const ended: string[] = [];
  const local = cluster.local(rm, () => 10);
  local.adopt(members);
  return {
    clock,
    lines,
    ended,
    door: new MemberDoor({ member: () => local, clock, logger, onRefused: ({ name }, by) => void ended.push(`${name} by ${by}`) }),
  };
}

const headOf = (role: string, metadata: Metadata): CallHead => ({
  header: () => undefined,
  metadata: () => metadata,
  isRepeated: () => false,
  deadlineMs: Infinity,
  certificate: () => ({ subjectaltname: `URI:mas://role/${role}` }),
});
const failureOf = (status: ReturnType<typeof refusalStatus>): ServiceError => Object.assign(new Error(status.details), status);
const sayingOf = (rm: RmId, of: Partial<PeerName> = {}): Metadata => sayMember({ ...cluster.local(rm, () => 10).name(), ...of });
const nextOf = (rm: RmId): MemberTable =>
  new MemberTable(1, [
    ...cluster.members.members().filter((each) => each.rm !== rm),
    { rm, ordinal: ordinal(1), incarnation: madeUpIncarnation({ rm, ordinal: ordinal(1) }) },
  ]);

describe('who calls', () => {
  test.each<[string, () => Metadata, string, string, RegExp]>([
    [
      'of another cluster',
      () => sayMember(other.local(TWO, () => 10).name()),
      'rm/2',
      'ANOTHER_CLUSTER',
      new RegExp(`rm-2 belongs to cluster ${other.clusterId}, this is cluster ${cluster.clusterId}`),
    ],
    [
      'of another incarnation',
      () => sayingOf(TWO, { incarnation: madeUpIncarnation({ rm: TWO, ordinal: ordinal(7) }) }),
      'rm/2',
      'OTHER_INCARNATION',
      /rm-2 is recorded as incarnation [0-9a-f]{8}, this one is [0-9a-f]{8}/,
    ],
    ['that nobody knows', () => sayingOf(TWO, { rm: rmId(9) }), 'rm/9', 'UNKNOWN_RESOURCE_MANAGER', /has no rm-9/],
    ['not admitted yet', () => sayingOf(TWO, { ordinal: ordinal(1) }), 'rm/2', 'NOT_KNOWN_YET', /is not known here yet/],
    ['with the certificate of another one', () => sayingOf(TWO), 'rm/3', 'NODE_ROLE_REFUSED', /certificate/],
    [
      'without a name',
      () => {
        const said = sayingOf(TWO);
        said.remove('mas-incarnation');
        return said;
      },
      'rm/2',
      'NO_NAME',
      /does not say who it is/,
    ],
    ['a coordinator of another cluster', () => sayCluster(other.clusterId), 'tm', 'ANOTHER_CLUSTER', new RegExp(`${other.clusterId}.*${cluster.clusterId}`)],
  ])('%s: is refused and named once a minute', async (_who, said, role, reason, text) => {
    const { door, clock, lines } = doorOf(ONE);
    const knock = (): void => {
      for (let i = 0; i < 50; i += 1) expect(door.admit(headOf(role, said()), ['rm', 'tm']).ok).toBe(false);
    };
    knock();
    await clock.advance(SAY_AGAIN_MS - 1);
    knock();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'warn',
      reason,
      by: expect.stringMatching(/^rm-1 \([0-9a-f]{8}\)$/) as unknown,
      text: expect.stringMatching(text) as unknown,
    });
    await clock.advance(1);
    knock();
    expect(lines).toHaveLength(2);
  });

  test('two of them are two lines, and so are two reasons', () => {
    const { door, lines } = doorOf(ONE, nextOf(THREE));
    door.admit(headOf('rm/2', sayMember(other.local(TWO, () => 0).name())), ['rm']);
    door.admit(headOf('rm/3', sayMember(other.local(THREE, () => 0).name())), ['rm']);
    door.admit(headOf('rm/3', sayingOf(THREE)), ['rm']);
    expect(lines.map(({ reason }) => reason)).toEqual(['ANOTHER_CLUSTER', 'ANOTHER_CLUSTER', 'REPLACED_INCARNATION']);
  });
});

describe('whom this process dials', () => {
  test('who answers and is refused is named once a minute', async () => {
    const { door, clock, lines, ended } = doorOf(ONE);
    const answered = sayMember(other.local(TWO, () => 10).name());
    for (let i = 0; i < 50; i += 1) expect(door.judge(TWO, answered).ok).toBe(false);
    expect(lines).toMatchObject([
      { level: 'warn', reason: 'ANOTHER_CLUSTER', refused: expect.stringMatching(/^rm-2 \(/) as unknown, by: expect.stringMatching(/^rm-1 \(/) as unknown },
    ]);
    await clock.advance(SAY_AGAIN_MS);
    door.judge(TWO, answered);
    expect([lines.length, ended]).toEqual([2, []]);
  });

  test('by whom it is refused is named once a minute; it ends only when most have said so', async () => {
    const { door, clock, lines, ended } = doorOf(ONE);
    const told = failureOf(refusalStatus({ name: 'ANOTHER_CLUSTER', message: 'rm-1 belongs to cluster a, this is cluster b', isFinal: true, mark: null }));
    for (let i = 0; i < 50; i += 1) expect(door.failed(TWO, told)).toBe(true);
    await clock.advance(SAY_AGAIN_MS);
    expect(door.failed(TWO, told)).toBe(true);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      level: 'warn',
      by: 'rm-2',
      refused: expect.stringMatching(/^rm-1 \(/) as unknown,
      text: 'rm-1 belongs to cluster a, this is cluster b',
    });
    expect(ended).toEqual([]);
    door.failed(THREE, told);
    expect([lines.length, ended]).toEqual([2, ['ANOTHER_CLUSTER by 3']]);
  });

  test('a call that was lost is no refusal, and no line', () => {
    const { door, lines } = doorOf(ONE);
    expect(door.failed(TWO, failureOf({ ...refusalStatus({ name: 'NO_NAME', message: '', isFinal: false, mark: null }), metadata: new Metadata() }))).toBe(
      false,
    );
    expect(lines).toEqual([]);
  });

  test('the same of a coordinator', () => {
    const { lines, logger } = logOf();
    const ended: string[] = [];
    const caller = new CoordinatorCaller({
      name: 'tc-1',
      dialled: () => 3,
      knowledge: { clusterId: () => cluster.clusterId, learn: () => undefined },
      clock: new VirtualClock(),
      logger,
      onRefused: ({ name }, by) => void ended.push(`${name} by ${by}`),
    });
    const told = failureOf(refusalStatus({ name: 'ANOTHER_CLUSTER', message: 'elsewhere', isFinal: true, mark: null }));
    for (let i = 0; i < 50; i += 1) {
      caller.failed(TWO, told);
      caller.judge(THREE, sayMember(other.local(THREE, () => 0).name()));
    }
    expect(lines).toMatchObject([
      { level: 'warn', refused: 'tc-1', by: 'rm-2' },
      { level: 'warn', refused: 'rm-3', by: 'tc-1' },
    ]);
    expect(ended).not.toEqual([]);
  });
});
