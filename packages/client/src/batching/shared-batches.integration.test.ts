/** Many callers, one process, a real listener: who travels with whom, what each caller hears, and what is asked for again. */
import { getEventListeners } from 'node:events';
import type { RunningServer } from '@mas/rpc';
import type { PaymentResult, Reply } from '@mas/transaction-coordinator';
import { committed, TXN } from '../../../rpc/src/testing/fake-coordinator';
import { TmListener } from '../../../rpc/src/testing/tm-listener';
import { encodePayment, PaymentCalls } from '../calls/payment-calls';
import { RetryingChannel } from '../calls/retrying-channel';
import { BATCH_LIMITS, SharedBatches, type BatchLimits } from './shared-batches';

const USUAL = { timeoutMs: 30_000 };
const listener = new TmListener();
const { certs, coordinator, signer } = listener;
let server: RunningServer;
let address: string;
let caller = 0;
let channel: RetryingChannel;

beforeAll(async () => {
  const started = await listener.start();
  started.raw.close();
  ({ server, address } = started);
});
beforeEach(() => {
  listener.forget();
  caller += 1;
  // Each with a rate of its own.
  channel = new RetryingChannel({ addresses: [address], ca: certs.tm.ca, token: signer.operator(`caller-${caller}`, 3600).token });
});
afterEach(() => channel.close());
afterAll(async () => {
  await server.stop(0);
  certs.remove();
});

const batches = (limits: Partial<BatchLimits> = {}): SharedBatches =>
  new SharedBatches(new PaymentCalls(channel, USUAL), channel, USUAL, { ...BATCH_LIMITS, ...limits });
const bytesOf = (id: string, memo = ''): Uint8Array => encodePayment({ id, from: 'a', to: 'b', amount: { minor: 1n }, memo });
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `p${at + 1}`);
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

interface Asked {
  readonly id: string;
}
type Replies = readonly Reply<PaymentResult>[];
const idsOf = (call: { readonly args: readonly unknown[] }): readonly string[] => (call.args[1] as readonly Asked[]).map(({ id }) => id);
const batchesAsked = (): readonly (readonly string[])[] => coordinator.calls.filter(({ method }) => method === 'createPayments').map(idsOf);
const calls = (): number => coordinator.calls.filter(({ method }) => method === 'createPayment').length;
/** Each caller's own: the number in the id is the time. */
const own = (id: string): PaymentResult => ({ ...committed, atMs: Number(id.slice(1)) }) as PaymentResult;

function answerEach(reply: (id: string, time: number) => Reply<PaymentResult> | null): void {
  const times = new Map<string, number>();
  const answer = (): Promise<Replies> => {
    const replies = idsOf(coordinator.calls.at(-1)!).map((id) => {
      times.set(id, (times.get(id) ?? 0) + 1);
      return reply(id, times.get(id)!);
    });
    return replies.includes(null) ? new Promise(() => undefined) : Promise.resolve(replies as Replies);
  };
  coordinator.answers.set('createPayments', answer as never);
  const alone = (): Promise<unknown> => {
    const { id } = coordinator.calls.at(-1)!.args[1] as Asked;
    times.set(id, (times.get(id) ?? 0) + 1);
    return Promise.resolve(reply(id, times.get(id)!));
  };
  coordinator.answers.set('createPayment', alone as never);
}
const yes = (id: string): Reply<PaymentResult> => ({ ok: true, value: own(id) });

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Somebody has answered, so a stream may be opened. */
async function proven(limits: Partial<BatchLimits> = {}): Promise<SharedBatches> {
  const shared = batches(limits);
  await shared.pay(bytesOf('p0'));
  listener.forget();
  return shared;
}

test('a lone payment is a call of its own', async () => {
  const shared = batches();
  expect(await shared.pay(bytesOf('p1'))).toEqual(committed);
  expect(await shared.pay(bytesOf('p2'))).toEqual(committed);
  expect([calls(), batchesAsked()]).toEqual([2, []]);
});

test('what is asked for in one turn travels together, and each caller hears of his own payment', async () => {
  for (const shared of [batches(), await proven()]) {
    listener.forget();
    answerEach(yes);
    const results = await Promise.all(names(450).map((id) => shared.pay(bytesOf(id))));
    expect(results.map((result) => 'atMs' in result && result.atMs)).toEqual(names(450).map((_, at) => at + 1));
    expect([calls(), batchesAsked().map(({ length }) => length)]).toEqual([0, [200, 200, 50]]);
  }
});

test('callers who ask again after an answer travel together again, however many steps of promises lie between', async () => {
  const shared = await proven();
  answerEach(yes);
  const loop = async (name: string, steps: number): Promise<void> => {
    await shared.pay(bytesOf(`${name}1`));
    for (let step = 0; step < steps; step += 1) await null;
    await shared.pay(bytesOf(`${name}2`));
  };
  await Promise.all(Array.from({ length: 60 }, (_, at) => loop(`p${at + 10}`, at % 5)));
  expect(batchesAsked().map(({ length }) => length)).toEqual([60, 60]);
});

test('few batches are under way at once; the others wait and are larger for it', async () => {
  const shared = await proven({ underWay: 2, slow: 0, paymentsPerBatch: 3 });
  const held: (() => void)[] = [];
  coordinator.answers.set('createPayments', (() => {
    const ids = idsOf(coordinator.calls.at(-1)!);
    return new Promise((resolve) => held.push(() => resolve(ids.map(yes))));
  }) as never);
  const paid = Promise.all(names(10).map((id) => shared.pay(bytesOf(id))));
  await until(() => held.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(batchesAsked().map(({ length }) => length)).toEqual([3, 3]);
  for (let at = 0; at < 4; at += 1) {
    await until(() => held.length > at);
    held[at]!();
  }
  expect((await paid).length).toBe(10);
});

test('slow batches keep no other one back', async () => {
  const shared = await proven({ underWay: 1 });
  answerEach((id) => (id.startsWith('s') ? null : yes(id)));
  const abort = new AbortController();
  const slow = [failure(shared.pay(bytesOf('s1'), { signal: abort.signal })), failure(shared.pay(bytesOf('s2'), { signal: abort.signal }))];
  await until(() => batchesAsked().length === 1);
  await Promise.all([shared.pay(bytesOf('p1')), shared.pay(bytesOf('p2'))]);
  abort.abort();
  await Promise.all(slow);
});

test('one that fails does so alone, in the words of its own request', async () => {
  const shared = await proven();
  const error = { kind: 'failed-precondition', reason: 'X', field: 'amount', message: 'No.', facts: { a: 'b' } } as const;
  answerEach((id) => (id === 'p2' ? { ok: false, error } : yes(id)));
  const [one, two, three] = await Promise.all(names(3).map((id) => shared.pay(bytesOf(id)).catch((each: unknown) => each)));
  expect([one, three]).toEqual([own('p1'), own('p3')]);
  expect(two).toMatchObject({ error, mayHaveHappened: false });
});

test('an unknown outcome and a Transaction Manager that cannot now are asked for again under the same id, alone', async () => {
  const shared = await proven();
  answerEach((id, time) => {
    if (id === 'p2' && time < 3) return { ok: true, value: { kind: 'unknown', txn: TXN, message: 'ask again' } };
    if (id === 'p3' && time < 3) return { ok: false, error: { kind: 'unavailable', reason: 'SHUTTING_DOWN', field: null, message: 'Soon.', facts: {} } };
    return yes(id);
  });
  expect(await Promise.all(names(4).map((id) => shared.pay(bytesOf(id))))).toEqual(names(4).map(own));
  const asked = coordinator.calls.flatMap((call) => (call.method === 'createPayment' ? [(call.args[1] as Asked).id] : idsOf(call)));
  expect(['p1', 'p2', 'p3', 'p4'].map((id) => asked.filter((each) => each === id).length)).toEqual([1, 3, 3, 1]);
});

test('what stays unknown is said to be so at the deadline', async () => {
  const shared = await proven();
  answerEach(() => ({ ok: true, value: { kind: 'unknown', txn: TXN, message: 'ask again' } }));
  const results = await Promise.all(names(2).map((id) => shared.pay(bytesOf(id), { timeoutMs: 3_000 })));
  expect(results).toEqual([expect.objectContaining({ kind: 'unknown' }), expect.objectContaining({ kind: 'unknown' })]);
});

test('a stream that breaks is asked for again with the same ids', async () => {
  const shared = await proven({ paymentsPerBatch: 20 });
  answerEach((id) => {
    if (batchesAsked().length === 1) throw new Error('broken');
    return yes(id);
  });
  const results = await Promise.all(names(60).map((id) => shared.pay(bytesOf(id))));
  expect(results).toEqual(names(60).map(own));
  expect(batchesAsked().filter((batch) => batch[0] === 'p1')).toEqual([names(20), names(20)]);
});

test('a Transaction Manager that goes away with batches under way: another one is asked for them', async () => {
  const leaving = await listener.start();
  leaving.raw.close();
  channel.close();
  channel = new RetryingChannel({ addresses: [leaving.address, address], ca: certs.tm.ca, token: signer.operator('moves', 3600).token });
  const shared = await proven({ paymentsPerBatch: 20 });
  answerEach(() => null);
  const paid = Promise.all(names(60).map((id) => shared.pay(bytesOf(id))));
  await until(() => batchesAsked().length === 3);
  answerEach(yes);
  await leaving.server.stop(0);
  expect(await paid).toEqual(names(60).map(own));
  expect(channel.now().address).toBe(address);
});

test('no quorum ends a payment as it ends a call; what was unknown before stays unknown', async () => {
  const shared = await proven();
  const error = { kind: 'unavailable', reason: 'NO_QUORUM', field: null, message: 'Bucket 1 has no quorum; try again.', facts: { bucket: '1' } } as const;
  answerEach((id, time) => (id === 'p2' && time === 1 ? { ok: true, value: { kind: 'unknown', txn: TXN, message: 'ask again' } } : { ok: false, error }));
  const [one, two] = await Promise.all(names(2).map((id) => shared.pay(bytesOf(id)).catch((each: unknown) => each)));
  expect(one).toMatchObject({ error: { reason: 'NO_QUORUM' }, mayHaveHappened: false });
  expect(two).toMatchObject({ kind: 'unknown', txn: TXN });
});

test('beyond the bound: CLIENT_BUSY at once, nothing was done, and there is room again afterwards', async () => {
  const shared = await proven({ payments: 3 });
  const first = names(3).map((id) => shared.pay(bytesOf(id)));
  expect(await failure(shared.pay(bytesOf('p4')))).toMatchObject({ error: { kind: 'resource-exhausted', reason: 'CLIENT_BUSY' }, mayHaveHappened: false });
  await Promise.all(first);
  expect(await shared.pay(bytesOf('p4'))).toEqual(committed);
});

test('one caller gives up or has no more time: the others of his batch do not notice', async () => {
  const shared = await proven();
  const held: (() => void)[] = [];
  coordinator.answers.set('createPayments', (() => {
    const ids = idsOf(coordinator.calls.at(-1)!);
    return new Promise((resolve) => held.push(() => resolve(ids.map(yes))));
  }) as never);
  const abort = new AbortController();
  const [given, late, kept] = [shared.pay(bytesOf('p1'), { signal: abort.signal }), shared.pay(bytesOf('p2'), { timeoutMs: 3_000 }), shared.pay(bytesOf('p3'))];
  const ends = [failure(given), failure(late)];
  await until(() => held.length > 0);
  abort.abort();
  expect(await ends[0]).toMatchObject({ error: { reason: 'CALL_ABORTED' }, mayHaveHappened: true });
  expect(await ends[1]).toMatchObject({ error: { kind: 'deadline-exceeded' }, mayHaveHappened: true });
  held[0]!();
  expect(await kept).toEqual(own('p3'));
});

test('one signal can end many payments, and is listened to once', async () => {
  const shared = await proven();
  answerEach(() => null);
  const abort = new AbortController();
  const ends = names(50).map((id) => failure(shared.pay(bytesOf(id), { signal: abort.signal })));
  await until(() => batchesAsked().length > 0);
  expect(getEventListeners(abort.signal, 'abort').length).toBe(1);
  abort.abort();
  for (const end of await Promise.all(ends)) expect(end).toMatchObject({ error: { reason: 'CALL_ABORTED' }, mayHaveHappened: true });
});

test('given up before it was sent: it is not sent, and nothing happened', async () => {
  const shared = await proven();
  answerEach(yes);
  const abort = new AbortController();
  const given = failure(shared.pay(bytesOf('p1'), { signal: abort.signal }));
  const kept = [shared.pay(bytesOf('p2')), shared.pay(bytesOf('p3'))];
  abort.abort();
  expect(await given).toMatchObject({ error: { reason: 'CALL_ABORTED' }, mayHaveHappened: false });
  await Promise.all(kept);
  expect(batchesAsked()).toEqual([['p2', 'p3']]);
});

test('a batch that is too much for the server is asked for in smaller ones', async () => {
  const shared = await proven();
  answerEach(yes);
  const results = await Promise.all(names(200).map((id) => shared.pay(bytesOf(id, 'ä'.repeat(256)))));
  expect(results).toEqual(names(200).map(own));
  expect(batchesAsked().map(({ length }) => length)).toEqual([100, 100]);
});

test('closed: everything that waits ends as CLIENT_CLOSED', async () => {
  const shared = await proven({ paymentsPerBatch: 2, underWay: 1, slow: 0 });
  answerEach(() => null);
  const ends = names(5).map((id) => failure(shared.pay(bytesOf(id))));
  await until(() => batchesAsked().length === 1);
  channel.close();
  const closed = (mayHaveHappened: boolean): object =>
    expect.objectContaining({ error: expect.objectContaining({ reason: 'CLIENT_CLOSED' }), mayHaveHappened });
  expect(await Promise.all(ends)).toEqual([closed(true), closed(true), closed(false), closed(false), closed(false)]);
});

test('a stream that nobody uses ends by itself, and the next batch opens another one', async () => {
  const calls = new PaymentCalls(channel, USUAL);
  const streams = { opened: 0, ended: 0 };
  const openStream = (): ReturnType<PaymentCalls['openStream']> => {
    streams.opened += 1;
    const stream = calls.openStream();
    const end = stream.end.bind(stream);
    stream.end = (): void => {
      streams.ended += 1;
      end();
    };
    return stream;
  };
  const shared = new SharedBatches({ one: calls.one.bind(calls), many: calls.many.bind(calls), openStream }, channel, USUAL);
  answerEach(yes);
  const pair = (): Promise<unknown> => Promise.all(names(2).map((id) => shared.pay(bytesOf(id))));
  for (let turn = 0; turn < 5; turn += 1) await pair();
  expect(streams).toEqual({ opened: 1, ended: 0 });
  await until(() => streams.ended === 1);
  await pair();
  expect(streams.opened).toBe(2);
});
