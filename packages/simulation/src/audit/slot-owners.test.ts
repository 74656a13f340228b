/** Each rule about who owns a slot, and how a move ends, can say no, and says nothing where all is well. */
import { Findings } from '@mas/auditor';
import type { Instruction, Outcome } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { accountNumber, bucketId, slot, SLOT_COUNT } from '@mas/values';
import { SlotOwners } from './slot-owners';

const ANN = accountNumber('ann');
const [S, T] = [bucketId(1), bucketId(2)];
const SLOTS = { from: slotOfAccount(ANN), to: slotOfAccount(ANN) };
const MOVE = 7;

/** Bucket 1 has all slots. */
function start() {
  const findings = new Findings();
  const owners = new SlotOwners(findings, 500);
  let now = 0;
  const step = (bucket: typeof S, instruction: object, outcome: object) => {
    now += 10;
    return owners.step(bucket, instruction as Instruction, outcome as Outcome, { firstMs: now, proposedMs: now - 1 });
  };
  const move = (bucket: typeof S, kind: string, stage: string) =>
    step(bucket, { kind, move: MOVE, slots: SLOTS, to: T }, { kind: 'move', stage: { kind: stage } });
  step(S, { kind: 'genesis', slots: [{ from: slot(0), to: slot(SLOT_COUNT - 1) }] }, { kind: 'done' });
  step(T, { kind: 'genesis', slots: [] }, { kind: 'done' });
  return {
    owners,
    begin: () => move(T, 'begin-import', 'importing'),
    wait: () => void (now += 1_000),
    releaseAtOnce: () => move(S, 'release-slots', 'released'),
    release: () => (move(T, 'begin-import', 'importing'), move(S, 'release-slots', 'released')),
    adopt: () => move(T, 'adopt-slots', 'adopted'),
    decline: () => move(T, 'decline-import', 'declined'),
    sayAdopted: () => move(T, 'decline-import', 'adopted'),
    reclaim: () => move(S, 'reclaim-slots', 'reclaimed'),
    confirm: () => move(S, 'confirm-release', 'confirmed'),
    prepare: (bucket: typeof S) => step(bucket, { kind: 'prepare', account: ANN }, { kind: 'prepared' }),
    sendAway: (bucket: typeof S) => step(bucket, { kind: 'prepare', account: ANN }, { kind: 'wrong-bucket', slot: SLOTS.from }),
    tellMap: (isAdopted: boolean) => owners.stepMap(Buffer.from(JSON.stringify({ kind: 'change', change: { kind: 'end-move', move: MOVE, isAdopted } }))),
    endWith: (bucket: typeof S) => owners.end((of) => (of === SLOTS.from ? bucket : S)),
    rules: (): readonly string[] => [...new Set(findings.list().map(({ rule }) => rule))],
  };
}

type World = ReturnType<typeof start>;
type Step = Exclude<keyof World, 'owners' | 'rules' | 'prepare' | 'sendAway' | 'tellMap' | 'endWith'>;
const steps =
  (...names: readonly Step[]) =>
  (world: World): void =>
    names.forEach((name) => world[name]());

test.each<[string, (world: World) => void, readonly string[]]>([
  ['a move from the release to its end', steps('release', 'adopt', 'confirm', 'confirm'), []],
  ['each step told twice', steps('release', 'release', 'adopt', 'adopt', 'confirm'), []],
  ['a move that is declined', steps('release', 'decline', 'reclaim', 'decline', 'reclaim'), []],
  ['one that is called off before the release', steps('decline', 'reclaim'), []],
  ['declining comes too late', steps('release', 'adopt', 'sayAdopted', 'confirm'), []],
  ['released though nobody has answered', steps('releaseAtOnce'), ['slots are released while their next owner answers']],
  ['… for long', steps('begin', 'wait', 'releaseAtOnce'), ['slots are released while their next owner answers']],
  ['adopted before it was released', steps('adopt'), ['a slot has one owner']],
  ['adopted behind the end', steps('release', 'decline', 'reclaim', 'adopt'), ['a move ends in one way', 'a slot has one owner']],
  ['declined, and adopted', steps('release', 'decline', 'adopt'), ['a move ends in one way']],
  ['adopted, and declined', steps('release', 'adopt', 'decline'), ['a move ends in one way']],
  ['said to be adopted, and not', steps('release', 'sayAdopted'), ['a move ends in one way']],
  ['reclaimed before it was declined', steps('release', 'reclaim'), ['a move ends in one way']],
  ['reclaimed and adopted', steps('release', 'adopt', 'reclaim'), ['a move ends in one way', 'a slot has one owner']],
  ['released behind its end', steps('decline', 'reclaim', 'release'), ['a move ends in one way']],
  ['confirmed before it was adopted', steps('release', 'confirm'), ['a move ends in one way']],
  ['what the owner says', ({ prepare }) => prepare(S), []],
  ['what somebody else says', ({ prepare }) => prepare(T), ['only the owner decides']],
  ['what the last owner says', (world) => (steps('release')(world), world.prepare(S)), ['only the owner decides']],
  ['sent away by somebody else', ({ sendAway }) => sendAway(T), []],
  ['sent away by the owner', ({ sendAway }) => sendAway(S), ['an owner answers']],
  ['the map hears of the end', (world) => (steps('release', 'adopt', 'confirm')(world), world.tellMap(true)), []],
  ['… of another end', (world) => (steps('release', 'adopt', 'confirm')(world), world.tellMap(false)), ['a move ends in one way']],
  ['… before it is one', (world) => (steps('release', 'adopt')(world), world.tellMap(true)), ['a move ends in one way']],
  ['… of what was called off', (world) => (steps('decline', 'reclaim')(world), world.tellMap(false)), []],
  ['… of what nobody has done', ({ tellMap }) => tellMap(false), ['a move ends in one way']],
  ['at rest with the owner of the map', (world) => (steps('release', 'adopt', 'confirm')(world), world.endWith(T)), []],
  ['at rest with another one', (world) => (steps('release', 'adopt', 'confirm')(world), world.endWith(S)), ['a slot has one owner']],
  ['at rest without an end', (world) => (steps('release')(world), world.endWith(S)), ['every move ends', 'a slot has one owner']],
  ['at rest, adopted and not confirmed', (world) => (steps('release', 'adopt')(world), world.endWith(T)), ['every move ends']],
])('%s', (_name, tell, rules) => {
  const world = start();
  tell(world);
  expect(world.rules()).toEqual(rules);
});

test('who owned a slot, and when', () => {
  const world = start();
  steps('release', 'adopt')(world);
  expect(world.owners.ownersOf(SLOTS.from)).toEqual([
    { bucket: S, fromMs: 0, toMs: 40 },
    { bucket: T, fromMs: 50, toMs: Infinity },
  ]);
  expect(world.owners.slotsOf(T)).toEqual([SLOTS.from]);
});
