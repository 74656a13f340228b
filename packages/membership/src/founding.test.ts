/**
 * Founding, as played by three first RMs that ask each other in any order, crash before or after they have written, and lose
 * their folders. Whatever happens: two that are members are members of the same cluster, and nobody becomes one without all.
 */
import * as fc from 'fast-check';
import { rmId, type RmId } from '@mas/values';
import { foundingOf, foundingProblem, nextFoundingState, type ClusterSettings, type Founder, type FoundingState, type FoundingStatement } from './founding';
import { incarnation } from './identity';

const RMS = [1, 2, 3].map(rmId);
const SETTINGS: ClusterSettings = { buckets: 3, replicas: 3, policy: 'v1', semanticsVersion: 1 };

/** Not a good digest, but different texts give different ones here. */
function digest(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x1234567;
  for (let i = 0; i < text.length; i += 1) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193) >>> 0;
    b = (Math.imul(b, 31) + text.charCodeAt(i)) >>> 0;
  }
  return [a, b, a ^ b, Math.imul(a, b) >>> 0].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
}

const inc = (rm: RmId, generation: number): Founder['incarnation'] => incarnation(`${rm}${String(generation).padStart(3, '0')}`.padEnd(32, '0'));

class FirstRm {
  generation = 0;
  state: FoundingState = { kind: 'alone' };
  heard = new Map<RmId, FoundingStatement>();
  isExisting = false;

  constructor(readonly rm: RmId) {}

  statement(settings = SETTINGS, first = RMS): FoundingStatement {
    return { self: { rm: this.rm, incarnation: inc(this.rm, this.generation), isExisting: this.isExisting }, first, settings, state: this.state };
  }

  hear(other: FirstRm): void {
    this.heard.set(other.rm, other.statement());
  }

  step(): void {
    if (foundingProblem(this.statement(), this.heard) === null) this.state = nextFoundingState(this.statement(), this.heard, digest);
  }

  /** What it has heard is not written down. */
  crash(): void {
    this.heard = new Map();
  }

  wipe(): void {
    this.crash();
    this.generation += 1;
    this.state = { kind: 'alone' };
  }
}

function trio(): [FirstRm, FirstRm, FirstRm] {
  return [new FirstRm(rmId(1)), new FirstRm(rmId(2)), new FirstRm(rmId(3))];
}

function talk(rms: readonly FirstRm[], rounds = 3): void {
  for (let round = 0; round < rounds; round += 1) {
    for (const rm of rms) {
      for (const other of rms) if (other !== rm) rm.hear(other);
      rm.step();
    }
  }
}

test('three new folders agree on one id and become members', () => {
  const rms = trio();
  talk(rms);
  const ids = rms.map(({ state }) => (state.kind === 'member' ? state.founding.clusterId : state.kind));
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
});

test('two of three found nothing, however long they talk', () => {
  const [one, two] = trio();
  talk([one, two], 50);
  expect([one.state.kind, two.state.kind]).toEqual(['alone', 'alone']);
});

test('the id depends on every incarnation and setting', () => {
  const founders = RMS.map((rm): Founder => ({ rm, incarnation: inc(rm, 0), isExisting: false }));
  const base = foundingOf(founders, SETTINGS, digest).clusterId;
  const others = [
    foundingOf(
      founders.map((each) => (each.rm === 2 ? { ...each, incarnation: inc(each.rm, 1) } : each)),
      SETTINGS,
      digest,
    ),
    foundingOf(founders, { ...SETTINGS, buckets: 4 }, digest),
    foundingOf(founders, { ...SETTINGS, policy: 'v2' }, digest),
    foundingOf(
      founders.map((each) => ({ ...each, isExisting: true })),
      SETTINGS,
      digest,
    ),
  ];
  for (const other of others) expect(other.clusterId).not.toBe(base);
  expect(foundingOf([...founders].reverse(), SETTINGS, digest).clusterId).toBe(base);
});

test('a folder that is lost after its RM was a member is found out by everybody, and founds nothing', () => {
  const rms = trio();
  talk(rms);
  rms[2].wipe();
  talk(rms);
  expect(rms[2].state.kind).toBe('alone');
  expect(foundingProblem(rms[2].statement(), rms[2].heard)).toMatchObject({
    name: 'DISK_LOST',
    isFinal: true,
    message: expect.stringContaining('replace-node 3') as string,
  });
  expect(foundingProblem(rms[0].statement(), rms[0].heard)).toBeNull();
});

test('two empty folders beside one member found nothing: the member is believed', () => {
  const rms = trio();
  talk(rms);
  rms[0].wipe();
  rms[2].wipe();
  talk(rms);
  expect(rms.map(({ state }) => state.kind)).toEqual(['alone', 'member', 'alone']);
});

test('one that is agreed becomes a member of what it agreed to, or of nothing', () => {
  const rms = trio();
  const [one, two, three] = rms;
  one.hear(two);
  one.hear(three);
  one.step();
  expect(one.state.kind).toBe('agreed');
  three.wipe();
  talk(rms, 5);
  // rm-2 is in the list and joins it; the new rm-3 is another one than the list's.
  expect(rms.map(({ state }) => state.kind)).toEqual(['agreed', 'agreed', 'alone']);
  expect(foundingProblem(three.statement(), three.heard)).toMatchObject({
    name: 'DISK_LOST',
    message: expect.stringContaining('delete the data folders of all') as string,
  });
  expect(foundingProblem(one.statement(), one.heard)).toMatchObject({ name: 'FOUNDING_CUT_SHORT', isFinal: false });
});

describe('what must be equal is compared', () => {
  const cases: readonly [string, Partial<ClusterSettings>, string][] = [
    ['buckets', { buckets: 4 }, '--buckets is 3 here, and 4 at rm-2'],
    ['replicas', { replicas: 2 }, '--replicas is 3 here, and 2 at rm-2'],
    ['policy', { policy: 'v2' }, 'the policy is v1 here, and v2 at rm-2'],
  ];
  test.each(cases)('%s', (_name, change, sentence) => {
    const [one, two] = trio();
    one.heard.set(two.rm, two.statement({ ...SETTINGS, ...change }));
    expect(foundingProblem(one.statement(), one.heard)).toMatchObject({
      name: 'SETTINGS_DIFFER',
      isFinal: true,
      message: expect.stringContaining(sentence) as string,
    });
  });

  test('the list of the first ones', () => {
    const [one, two] = trio();
    one.heard.set(two.rm, two.statement(SETTINGS, [1, 2].map(rmId)));
    expect(foundingProblem(one.statement(), one.heard)).toMatchObject({ name: 'FIRST_DIFFER' });
  });

  test('folders with data of an earlier version are not founded together with new ones; the new one ends', () => {
    const [one, two] = trio();
    one.isExisting = true;
    one.hear(two);
    two.hear(one);
    expect(foundingProblem(one.statement(), one.heard)).toMatchObject({ name: 'DISK_LOST', isFinal: false });
    expect(foundingProblem(two.statement(), two.heard)).toMatchObject({ name: 'DISK_LOST', isFinal: true });
  });
});

test('in any order, with crashes and lost folders: members are of one cluster, which all were heard to have agreed to', () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('hear' as const), a: fc.nat(2), b: fc.nat(2) }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const), a: fc.nat(2), b: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), a: fc.nat(2), b: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wipe' as const), a: fc.nat(2), b: fc.nat(2) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const rms = trio();
      const everMember = new Set<string>();
      const agreedTo = new Map<string, Set<RmId>>();
      for (const { kind, a, b } of steps) {
        const [rm, other] = [rms[a]!, rms[b]!];
        if (kind === 'hear' && rm !== other) rm.hear(other);
        if (kind === 'step') rm.step();
        if (kind === 'crash') rm.crash();
        if (kind === 'wipe') rm.wipe();
        if (rm.state.kind === 'alone') continue;
        const { clusterId } = rm.state.founding;
        agreedTo.set(clusterId, (agreedTo.get(clusterId) ?? new Set()).add(rm.rm));
        if (rm.state.kind !== 'member') continue;
        everMember.add(clusterId);
        expect(agreedTo.get(clusterId)?.size).toBe(3);
      }
      // All may have lost their folders in between: that is another cluster, honestly.
      const present = new Set(rms.flatMap(({ state }) => (state.kind === 'member' ? [state.founding.clusterId] : [])));
      expect(present.size).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2_000 },
  );
});
