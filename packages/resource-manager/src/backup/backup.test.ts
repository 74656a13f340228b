/** A replica's rows at exactly one moment: where the cut lies, who finds it, when there is none; and how its bytes are given away. */
import type { LedgerEntry } from '@mas/ledger';
import type { ParticipantReply } from '@mas/two-phase-commit';
import { present, type AccountNumber, type RmId } from '@mas/values';
import type { SnapshotChunk } from '../applied-store';
import type { DecodedEntry } from '../bucket/apply-parts';
import { decodeSnapshot } from '../bucket/snapshot-stream';
import { platformDigest } from '../digest';
import { Cuts } from '../propose/cuts';
import { BUCKET_1, RM_1, RM_2, TestCluster } from '../testing/cluster';
import { jsonRowCodec } from '../testing/json-codecs';
import { accountsIn, createAccount, decideCommit, payment } from '../testing/payments';
import { CutBarriers, type CutMissed } from './cut-barriers';

const [FROM, TO] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];

type BackupReply = Extract<ParticipantReply, { readonly kind: 'backup' }>;

async function started(): Promise<TestCluster> {
  const config = { deliverAfterMs: 500_000, resolveAfterMs: 600_000, readTimeoutMs: 5_000 };
  const cluster = await new TestCluster({ rms: 3, replication: 3, config }).start();
  await cluster.instruct(BUCKET_1, [createAccount(FROM, 1_000n), createAccount(TO, 0n)]);
  return cluster;
}

const pay = (cluster: TestCluster, name: string): Promise<unknown> => cluster.one(BUCKET_1, decideCommit(payment(name, FROM, TO, 1n), []));

function ask(cluster: TestCluster, rm: RmId, step: 'announce' | 'read' | 'end', cutUs: number, offset = 0): Promise<ParticipantReply> {
  return cluster.manager(rm).handle({ kind: 'backup', bucket: BUCKET_1, id: 'b', cutUs, step, offset }, 'tm');
}

function followerOf(cluster: TestCluster): RmId {
  const { leader } = cluster.raft.group(BUCKET_1);
  return present(
    [RM_1, RM_2].find((rm) => rm !== leader),
    'follower',
  );
}

function isBackup(reply: ParticipantReply): BackupReply {
  if (reply.kind !== 'backup') throw new Error(JSON.stringify(reply));
  return reply;
}

async function legsIn(pieces: readonly Uint8Array[]): Promise<number> {
  const bytes = (async function* () {
    yield await Promise.resolve(Buffer.concat(pieces));
  })();
  const chunks: SnapshotChunk[] = [];
  for await (const frame of decodeSnapshot(bytes, jsonRowCodec, platformDigest, ['legs'])) if (frame.kind === 'rows') chunks.push(frame.chunk);
  return chunks.reduce((sum, { rows }) => sum + rows.length, 0);
}

test('a follower has the rows of exactly the moment, of a bucket that goes on, and gives them away as often as asked', async () => {
  const cluster = await started();
  await pay(cluster, 'before');
  const cutUs = (cluster.clock.wallMs() + 1_000) * 1_000;
  const leader = present(cluster.raft.group(BUCKET_1).leader, 'leader');
  const follower = followerOf(cluster);
  expect(isBackup(await cluster.clock.await(ask(cluster, leader, 'announce', cutUs))).stage).toBe('announced');
  const waiting = ask(cluster, follower, 'read', cutUs);
  await cluster.clock.advance(500);
  await pay(cluster, 'also before');
  await cluster.clock.advance(600);
  await pay(cluster, 'behind');
  await cluster.clock.await(waiting);
  const ready = isBackup(await cluster.clock.await(ask(cluster, follower, 'read', cutUs)));
  expect(ready).toMatchObject({ stage: 'ready', bytes: ready.piece.length });
  expect(await legsIn([ready.piece])).toBe(4);
  const half = Math.floor(ready.bytes / 2);
  const rest = isBackup(await cluster.clock.await(ask(cluster, follower, 'read', cutUs, half)));
  expect(await legsIn([ready.piece.subarray(0, half), rest.piece])).toBe(4);
  expect(isBackup(await cluster.clock.await(ask(cluster, follower, 'end', cutUs))).stage).toBe('ended');
  expect(isBackup(await cluster.clock.await(ask(cluster, follower, 'read', cutUs)))).toMatchObject({ stage: 'missed', reason: /had passed the moment/ });
});

test('an idle bucket is cut as well; without its leader there is no cut in time', async () => {
  const cluster = await started();
  const leader = present(cluster.raft.group(BUCKET_1).leader, 'leader');
  const follower = followerOf(cluster);
  const us = (aheadMs: number): number => (cluster.clock.wallMs() + aheadMs) * 1_000;
  const first = us(1_000);
  await cluster.clock.await(ask(cluster, leader, 'announce', first));
  let reply = isBackup(await cluster.clock.await(ask(cluster, follower, 'read', first)));
  for (let at = 0; at < 5 && reply.stage === 'reading'; at += 1) reply = isBackup(await cluster.clock.await(ask(cluster, follower, 'read', first)));
  expect(reply.stage).toBe('ready');
  await cluster.clock.await(ask(cluster, follower, 'end', first));
  const second = us(1_000);
  reply = isBackup(await cluster.clock.await(ask(cluster, follower, 'read', second)));
  for (let at = 0; at < 20 && reply.stage === 'reading'; at += 1) reply = isBackup(await cluster.clock.await(ask(cluster, follower, 'read', second)));
  expect(reply).toMatchObject({ stage: 'missed', reason: 'the replica has not come to the moment in time' });
});

test('only a Transaction Manager is given rows', async () => {
  const cluster = await started();
  const request = { kind: 'backup', bucket: BUCKET_1, id: 'b', cutUs: 1, step: 'read', offset: 0 } as const;
  expect(await cluster.clock.await(cluster.manager(RM_1).handle(request, 'rm'))).toEqual({ kind: 'permission-denied', reason: 'TRANSACTION_MANAGERS_ONLY' });
});

describe('where the cut lies', () => {
  const AT = { stampMs: 1, momentUs: 5_000 };
  const clock = { schedule: () => ({ cancel: () => undefined }) } as unknown as ConstructorParameters<typeof CutBarriers>[0];

  function entry(index: number, behindUs: number | null, ...commitsUs: readonly number[]): DecodedEntry {
    const instructions = commitsUs.map((commitUs) => ({ kind: 'commit', txn: 'a', account: FROM, commitUs }) as unknown as LedgerEntry['instructions'][number]);
    return {
      entry: { index, term: 1, type: 'normal', data: new Uint8Array(0) } as unknown as DecodedEntry['entry'],
      decoded: { stampMs: 1, behindUs, instructions },
    };
  }

  async function placeOf(us: number, run: readonly DecodedEntry[], at = AT): Promise<number | string> {
    const barriers = new CutBarriers(clock);
    const found = barriers.at(us, at.momentUs, 1_000, Promise.resolve()).then(
      () => 'read',
      (error: unknown) => (error as CutMissed).message,
    );
    const reached = barriers.takeReachedBy(run, at);
    for (const { reached: read } of reached) await read();
    return reached[0]?.index ?? (await found);
  }

  test.each<[string, number, readonly DecodedEntry[], number | string]>([
    ['before the first entry that lies behind', 6_000, [entry(10, null, 5_500), entry(11, null, 6_001)], 10],
    ['before the run', 6_000, [entry(10, null, 6_001)], 9],
    ['behind an entry that ends there', 6_000, [entry(10, null, 5_500, 6_000), entry(11, null)], 10],
    ['before an empty entry that closes behind it', 6_000, [entry(10, 7_000)], 9],
    ['behind an empty entry that closes there', 6_000, [entry(10, 6_000)], 10],
    ['before an entry that closes there and goes on', 6_000, [entry(10, 6_000, 5_500)], 9],
    ['nowhere: an entry lies on both sides', 6_000, [entry(10, null, 5_500, 6_500)], 'an entry lies on both sides of the moment'],
    ['nowhere: the bucket had passed it', 4_000, [entry(10, null, 5_500)], 'the replica had passed the moment when it was asked'],
  ])('%s', async (_, us, run, place) => {
    expect(await placeOf(us, run)).toBe(place);
  });

  test('a leader that knows of the cut proposes no entry on both sides', async () => {
    const cuts = new Cuts();
    const { decoded } = entry(10, null, 5_500, 6_500);
    const both = present(decoded, 'entry');
    expect(cuts.behind(both, AT, 0)).toBeNull();
    cuts.announce(6_000, 0);
    const behindUs = cuts.behind(both, AT, 1);
    expect(behindUs).toBe(6_000);
    expect(await placeOf(6_000, [{ ...entry(10, null), decoded: { ...both, behindUs } }])).toBe(9);
    expect(cuts.behind(present(entry(10, null, 5_500).decoded, 'entry'), AT, 1)).toBeNull();
    expect(cuts.behind(both, AT, 60_001)).toBeNull();
  });
});
