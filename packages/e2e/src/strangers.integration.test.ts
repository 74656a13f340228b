/**
 * What a stranger may cost: each attack on running processes from callers without a token, or with that of one account,
 * while somebody else pays all the time; what a process ever held in memory; and a SIGTERM with everything still open.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { status as Code } from '@grpc/grpc-js';
import { frame, waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import type { MasProcess } from './harness/mas-process';
import { numberIn } from './harness/names';
import { Bank } from './testing/bank';
import { silence, Stranger } from './testing/stranger';

const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const WATCH = '/grpc.health.v1.Health/Watch';
const PAYMENT = '/mas.v1.AccountService/CreatePayment';
const PAYMENTS = '/mas.v1.AccountService/StreamPayments';
const MIB = 1024 * 1024;
/** A message's flag. */
const COMPRESSED = 1;
const MAX_MESSAGE_BYTES = 4 * MIB;
const MAX_RSS_BYTES = 512 * MIB;
/** Generous, for machines that are busy. */
const PATIENCE = { timeoutMs: 60_000, intervalMs: 50 };
const SOME_PAYMENTS = 5;

let cluster: Cluster;
let bank: Bank;
let tm: string;
let paid = 0;
let paying = true;
let payer: Promise<void>;
const open: { hangUp(): void }[] = [];
/** Whose streams the process has to end. */
const lingering: Stranger[] = [];

const attack = (settings = {}): Stranger => {
  const stranger = Stranger.open(cluster.certs(), tm, settings);
  open.push(stranger);
  lingering.push(stranger);
  return stranger;
};

beforeAll(async () => {
  cluster = await Cluster.start();
  bank = new Bank(cluster);
  tm = cluster.addresses()[0] ?? '';
  const [alice, bob] = [numberIn(cluster.placement, 1, 'alice'), numberIn(cluster.placement, 2, 'bob')];
  await bank.open([alice, bob]);
  payer = (async () => {
    while (paying) {
      if ((await bank.pay(alice, bob, 1n)).kind === 'committed') paid += 1;
    }
  })();
}, 120_000);

afterAll(async () => {
  paying = false;
  await payer;
  open.forEach((each) => each.hangUp());
  await cluster?.stop();
});

/** Somebody else pays meanwhile, and the process never held more than it may. */
async function served(): Promise<void> {
  const before = paid;
  await waitUntil('somebody else\u2019s payments are made meanwhile', () => paid >= before + SOME_PAYMENTS, {
    ...PATIENCE,
    diagnostics: () => cluster.diagnostics(),
  });
  for (const one of [...cluster.tms, ...cluster.rms]) expect(peakRss(one)).toBeLessThan(MAX_RSS_BYTES);
}

function peakRss({ pid }: MasProcess): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

test('streams of reflection whose answers nobody takes: bounded, and ended', async () => {
  const strangers = Array.from({ length: 10 }, () => attack({ initialWindowSize: 0 }));
  const empty = Buffer.alloc(5 * MIB);
  for (const stranger of strangers) for (let at = 0; at < 4; at += 1) stranger.call(REFLECTION).stream.write(empty);
  await served();
}, 150_000);

test('messages that inflate a thousandfold are not inflated, with a token or without', async () => {
  const bombed = gzipSync(Buffer.alloc(MAX_MESSAGE_BYTES - 100));
  const bomb = frame(bombed.length, bombed, COMPRESSED);
  const statuses = new Set<string | undefined>();
  for (const token of [null, cluster.accountToken('anybody')]) {
    const stranger = attack();
    const calls = Array.from({ length: 500 }, () =>
      stranger.call(PAYMENT, { 'grpc-encoding': 'gzip', ...(token === null ? {} : { authorization: `Bearer ${token}` }) }),
    );
    for (const { stream } of calls) stream.end(bomb);
    await waitUntil('every call has ended', () => calls.every((call) => call.isClosed()), PATIENCE);
    for (const call of calls) statuses.add(call.status());
  }
  expect([...statuses]).toEqual([String(Code.UNIMPLEMENTED)]);
  await served();
}, 150_000);

test('half-sent messages: without a token nothing is read, with one only so much is kept', async () => {
  const half = frame(MAX_MESSAGE_BYTES, Buffer.alloc(MAX_MESSAGE_BYTES - 1));
  const stranger = attack();
  const refused = Array.from({ length: 100 }, () => stranger.call(PAYMENT));
  for (const { stream } of refused) stream.write(half);
  await waitUntil('the calls without a token are refused and ended', () => refused.every((call) => call.isClosed()), PATIENCE);
  expect(new Set(refused.map((call) => call.status()))).toEqual(new Set([String(Code.UNAUTHENTICATED)]));
  const authorization = `Bearer ${cluster.accountToken('anybody')}`;
  const strangers = Array.from({ length: 8 }, () => attack());
  for (const each of strangers) for (let at = 0; at < 10; at += 1) each.call(PAYMENT, { authorization }).stream.write(half);
  await served();
}, 150_000);

test('a thousand idle streams', async () => {
  const strangers = Array.from({ length: 10 }, () => attack());
  for (const stranger of strangers) {
    for (let at = 0; at < 100; at += 1) stranger.call([REFLECTION, WATCH, PAYMENTS, PAYMENT][at % 4] ?? '').stream.write(Buffer.alloc(0));
  }
  await served();
}, 150_000);

test('every stream that was left open has been ended', async () => {
  await waitUntil('no stream is open', () => lingering.every((each) => each.allClosed()), {
    ...PATIENCE,
    diagnostics: () => lingering.flatMap((each) => each.openCalls()).join('\n'),
  });
}, 150_000);

test('more connections than there may be: a newcomer with a token still gets in, and the log says so', async () => {
  const silent = Array.from({ length: 600 }, () => silence(tm));
  open.push({ hangUp: () => silent.forEach((socket) => socket.destroy()) });
  for (let at = 0; at < 200; at += 1) attack();
  const newcomer = cluster.client({ timeoutMs: 30_000 });
  expect((await newcomer.clusterStatus()).unreachable).toEqual([]);
  await served();
  await waitUntil(
    'the log has a line of it',
    () =>
      cluster
        .process('tm1')
        .lines()
        .some((line) => line.msg.startsWith('too many connections')),
    PATIENCE,
  );
}, 150_000);

test('a Resource Manager: nobody without a certificate gets past the handshake, and what waits there is bounded', async () => {
  const rm = cluster.rmAddresses()[0] ?? '';
  const silent = Array.from({ length: 600 }, () => silence(rm));
  open.push({ hangUp: () => silent.forEach((socket) => socket.destroy()) });
  const strangers = Array.from({ length: 20 }, () => Stranger.open(cluster.certs(), rm));
  open.push(...strangers);
  await waitUntil('those who show no certificate are hung up on', () => strangers.every((each) => each.isClosed()), PATIENCE);
  await served();
}, 150_000);

test('SIGTERM ends every process, whatever is held open', async () => {
  paying = false;
  await payer;
  const authorization = `Bearer ${cluster.accountToken('anybody')}`;
  for (const settings of [{}, { initialWindowSize: 0 }]) {
    const stranger = attack(settings);
    for (const path of [REFLECTION, WATCH, PAYMENTS, PAYMENT])
      stranger.call(path, { authorization }).stream.write(frame(MAX_MESSAGE_BYTES, Buffer.alloc(1_000)));
  }
  for (const address of [tm, ...cluster.rmAddresses()]) {
    const silent = Array.from({ length: 20 }, () => silence(address));
    open.push({ hangUp: () => silent.forEach((socket) => socket.destroy()) });
  }
  await Promise.all([...cluster.tms, ...cluster.rms].map((one) => one.stop()));
  expect([...cluster.tms, ...cluster.rms].map((one) => one.exitStatus())).toEqual(Array.from({ length: 4 }, () => ({ code: 0, signal: null })));
  expect(cluster.failures()).toEqual([]);
}, 150_000);
