/** A replica that is given a snapshot is the source's equal, remembers every id, and a damaged stream changes nothing. */
import type { AccountNumber } from '@mas/values';
import { platformDigest } from './digest';
import { decodeSnapshot, encodeSnapshot } from './bucket/snapshot-stream';
import { BUCKET_1, RM_1, RM_2, TestCluster } from './testing/cluster';
import { jsonRowCodec } from './testing/json-codecs';
import { accountsIn, createAccount, decideAbort, decideCommit, payment, prepare } from './testing/payments';

const [ALICE, BOB] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];

async function withHistory(): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: 2, replication: 2, config: { deliverAfterMs: 500_000, resolveAfterMs: 600_000 } }).start();
  cluster.host(RM_2).held.add(BUCKET_1);
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n), createAccount(BOB, 0n)]);
  for (let i = 0; i < 5; i += 1) await cluster.one(BUCKET_1, decideCommit(payment(`p${i}`, ALICE, BOB, 10n), []));
  await cluster.one(BUCKET_1, prepare(payment('open', ALICE, BOB, 7n), BOB));
  await cluster.one(BUCKET_1, decideAbort(payment('aborted', ALICE, BOB, 7n)));
  return cluster;
}

test('an installed snapshot equals its source, and the replica goes on from it as leader', async () => {
  const cluster = await withHistory();
  await cluster.clock.await(cluster.host(RM_2).install(BUCKET_1, cluster.host(RM_1)));
  const source = await cluster.checksum(RM_1, BUCKET_1);
  const copy = await cluster.checksum(RM_2, BUCKET_1);
  expect(copy).toEqual({ ...source, rm: RM_2 });
  expect(copy.legs).toBe(13);

  cluster.host(RM_2).held.clear();
  cluster.raft.elect(BUCKET_1, RM_2);
  await cluster.clock.settle();
  expect(await cluster.one(BUCKET_1, decideCommit(payment('p3', ALICE, BOB, 10n), []))).toMatchObject({ kind: 'decided', fresh: false });
  expect(await cluster.one(BUCKET_1, decideCommit(payment('aborted', ALICE, BOB, 7n), []))).toMatchObject({ outcome: { decision: { kind: 'aborted' } } });
  expect(await cluster.preparedLegs(BUCKET_1)).toBe(1);
  expect(await cluster.one(BUCKET_1, decideCommit(payment('open', ALICE, BOB, 7n), []))).toMatchObject({ outcome: { decision: { kind: 'committed' } } });
  expect(await cluster.balance(BOB)).toBe(57n);
  await cluster.clock.advance(1_000);
  expect((await cluster.checksum(RM_2, BUCKET_1)).sha256).toBe((await cluster.checksum(RM_1, BUCKET_1)).sha256);
});

test('an installed snapshot survives a kill right after it', async () => {
  const cluster = await withHistory();
  await cluster.clock.await(cluster.host(RM_2).install(BUCKET_1, cluster.host(RM_1)));
  cluster.kill(RM_2);
  await cluster.restart(RM_2);
  await cluster.clock.advance(500);
  expect((await cluster.checksum(RM_2, BUCKET_1)).sha256).toBe((await cluster.checksum(RM_1, BUCKET_1)).sha256);
});

async function streamOf(cluster: TestCluster): Promise<Buffer> {
  const { store } = await cluster
    .database(RM_1)
    .connect(() => true)
    .openBucket(BUCKET_1);
  const parts: Uint8Array[] = [];
  for await (const chunk of encodeSnapshot(await store.readSnapshot(), jsonRowCodec, platformDigest)) parts.push(chunk);
  return Buffer.concat(parts);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function framesOf(bytes: Uint8Array, size: number): Promise<number> {
  let frames = 0;
  for await (const _frame of decodeSnapshot(inPieces(bytes, size), jsonRowCodec, platformDigest)) frames += 1;
  return frames;
}

test('however the transport cuts the stream, the same frames come out; cut or bent, it is refused', async () => {
  const cluster = await withHistory();
  await cluster.clock.advance(1_000);
  const bytes = await streamOf(cluster);
  const whole = await framesOf(bytes, bytes.length);
  for (const size of [1, 3, 7, 64, 1_000]) expect(await framesOf(bytes, size)).toBe(whole);
  for (const cutAt of [0, 3, 200, bytes.length - 1]) await expect(framesOf(bytes.subarray(0, cutAt), 64)).rejects.toMatchObject({ kind: 'snapshot-damaged' });
  for (const at of [0, 4, 40, Math.floor(bytes.length / 2), bytes.length - 3]) {
    const bent = Buffer.from(bytes);
    bent[at] = (bent[at] ?? 0) ^ 0x10;
    await expect(framesOf(bent, 64)).rejects.toBeInstanceOf(Error);
  }
});
