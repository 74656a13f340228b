/** A backup through the coordinator: one moment for all buckets, another one where somebody has missed it, and bytes in order. */
import { slot, type BucketId } from '@mas/values';
import type { BackupTaken } from './index';
import { Rig } from './testing/rig';

interface Heard {
  readonly taken: BackupTaken[];
  readonly bytes: Map<BucketId, string>;
}

async function backedUp(rig: Rig): Promise<{ readonly heard: Heard; readonly reply: Awaited<ReturnType<Rig['coordinator']['backup']>> }> {
  const heard: Heard = { taken: [], bytes: new Map() };
  const reply = await rig.clock.until(
    rig.coordinator.backup(rig.caller(), {
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onBegin: (taken) => Promise.resolve(void heard.taken.push(taken)),
      onPiece: (bucket, bytes) => Promise.resolve(void heard.bytes.set(bucket, (heard.bytes.get(bucket) ?? '') + Buffer.from(bytes).toString())),
    }),
    'a backup',
  );
  return { heard, reply };
}

test('all leaders are told one moment ahead; each bucket is read on a replica that does not lead, and comes whole', async () => {
  const rig = new Rig();
  const { heard, reply } = await backedUp(rig);
  expect(reply.ok).toBe(true);
  const [taken] = heard.taken;
  expect(new Set(rig.cluster.announced)).toEqual(new Set([taken?.momentUs]));
  expect(rig.cluster.announced.length).toBe(taken?.buckets.length);
  expect(taken?.buckets.length).toBeGreaterThan(1);
  for (const { bucket, rm } of taken?.buckets ?? []) {
    expect(rm).not.toBe(rig.cluster.leaders.get(bucket));
    expect(heard.bytes.get(bucket)).toBe(`bucket ${bucket} on rm-${rm}`);
  }
  expect(new Set(taken?.buckets.map(({ rm }) => rm)).size).toBeGreaterThan(1);
});

test('where a replica has no state of the moment another one is chosen for all; in the end it is said', async () => {
  const rig = new Rig();
  rig.cluster.missedCuts = 1;
  const again = await backedUp(rig);
  expect(again.reply.ok).toBe(true);
  expect(new Set(rig.cluster.announced).size).toBe(2);
  rig.cluster.missedCuts = 1_000;
  const { reply } = await backedUp(rig);
  expect(reply).toMatchObject({ ok: false, error: { reason: 'BACKUP_MISSED', kind: 'unavailable' } });
});

test('where a slot is between two buckets at the moment another one is chosen for all', async () => {
  const rig = new Rig();
  let isBetween = true;
  rig.cluster.tap = (_rm, request) => {
    if (request.kind !== 'backup' || request.step !== 'read' || request.bucket !== 2 || !isBetween) return 'pass';
    isBetween = false;
    const { slots, moves } = rig.cluster.bucket(2).ledger.meta();
    const lacking = slots.map(({ from, to }) => ({ from: slot(from + 1), to }));
    return { kind: 'backup', stage: 'ready', rows: 3, bytes: 4, piece: Buffer.from('gone'), reason: '', holdings: { slots: lacking, moves } };
  };
  const { reply, heard } = await backedUp(rig);
  expect(reply.ok).toBe(true);
  expect(new Set(rig.cluster.announced).size).toBe(2);
  expect([...heard.bytes.values()].join('')).not.toContain('gone');
});

test('operators only', async () => {
  const rig = new Rig();
  const caller = { ...rig.caller(), subject: { kind: 'account' as const, account: 'a' as never } };
  const watch = { signal: new AbortController().signal, onProgress: () => undefined, onBegin: () => Promise.resolve(), onPiece: () => Promise.resolve() };
  expect(await rig.clock.until(rig.coordinator.backup(caller, watch), 'a refusal')).toMatchObject({ ok: false, error: { kind: 'permission-denied' } });
});
