/**
 * One request, two txns: begun through a coordinator that mints one hash, and asked for again through one that mints the other. Whatever is in
 * between, it happens once, its caller hears the one outcome, and nothing of the other txn stays (ADR 14).
 */
import { createHash } from 'node:crypto';
import { txnPreimage, type Instruction, type TxnVersion } from '@mas/ledger';
import { LeaderDirectory, PlacementIndex, slotOfAccount } from '@mas/placement';
import { paymentKey } from '@mas/values';
import type { PaymentRequest, PaymentResult, Reply } from './index';
import { founded, Rig, verdict } from './testing/rig';

function txnOf(version: TxnVersion, { id }: PaymentRequest, reply: Reply<PaymentResult>): string {
  if (!reply.ok || reply.value.kind === 'unknown') return 'none';
  return createHash('sha256')
    .update(txnPreimage(version, paymentKey('mas|ops', id), reply.value.body))
    .digest('hex');
}

function versionOf(request: PaymentRequest, reply: Reply<PaymentResult>): number {
  const txn = reply.ok ? reply.value.txn : '';
  return ([1, 2] as const).find((version) => txnOf(version, request, reply) === txn) ?? 0;
}

/** A coordinator that mints the other txn, as none does any more whose cluster was founded with the first. */
async function upgraded(rig: Rig): Promise<Rig['coordinator']> {
  const coordinator = rig.another('tc-new', { txnVersion: 2 });
  coordinator.start();
  await rig.clock.pass(100);
  return coordinator;
}

const isDecision = (instruction: Instruction): boolean => instruction.kind === 'decide-commit';

test('a coordinator mints the txn that the cluster was founded with, the first one where the map does not say', async () => {
  const rig = new Rig();
  const [a, b] = [rig.open(1, 1_000n), rig.open(2, 0n)];
  const [one, other] = [rig.request(a, b, 1n), rig.request(a, b, 1n)];
  const coordinator = await upgraded(rig);
  const replies = [await rig.pay(one), await rig.clock.until(coordinator.createPayment(rig.caller(), other))] as const;
  expect([versionOf(one, replies[0]), versionOf(other, replies[1])]).toEqual([1, 2]);
});

test('a coordinator that has just started begins nothing by the map that it was configured with: it would mint another txn than the others do', async () => {
  const rig = new Rig({ txnVersion: 2 });
  const [a, b] = [rig.open(1, 1_000n), rig.open(2, 0n)];
  const directory = new LeaderDirectory(new PlacementIndex({ ...rig.cluster.placement.map, version: 0 }));
  const coordinator = rig.another('tc-new', { directory });
  const [request, batched] = [rig.request(a, b, 1n), rig.request(a, b, 1n)];
  const ask = (): Promise<Reply<PaymentResult>> => rig.clock.until(coordinator.createPayment(rig.caller(), request));
  expect(await ask()).toMatchObject({ ok: false, error: { kind: 'unavailable', reason: 'STARTING' } });
  expect(await rig.clock.until(coordinator.createPayments(rig.caller(), [batched]))).toMatchObject([{ ok: false, error: { reason: 'STARTING' } }]);
  expect(rig.cluster.requests).toEqual([]);
  directory.adopt(founded(rig.cluster.placement, 2));
  expect(versionOf(request, await ask())).toBe(2);
});

test.each([
  ['committed', 10n],
  ['aborted INSUFFICIENT_FUNDS', 1_000n],
])('a payment that was %s before is answered from its record', async (outcome, amountMinor) => {
  const rig = new Rig();
  const [a, b] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(a, b, amountMinor);
  const before = await rig.pay(request);
  await rig.clock.pass(20_000);
  const balances = [rig.balance(a), rig.balance(b)];
  const coordinator = await upgraded(rig);
  const after = await rig.clock.until(coordinator.createPayment(rig.caller(), request));
  expect([verdict(before), verdict(after)]).toEqual([outcome, outcome]);
  expect(after).toEqual(before);
  expect(versionOf(request, after)).toBe(1);
  await rig.clock.pass(20_000);
  expect([rig.balance(a), rig.balance(b)]).toEqual(balances);
  expect(rig.leftovers()).toEqual([]);
  const other = await rig.clock.until(coordinator.createPayment(rig.caller(), { ...request, memo: 'another' }));
  expect(other).toMatchObject({ ok: false, error: { reason: 'ID_CONFLICT', field: 'memo' } });
});

test('a payment whose legs were prepared before, and whose coordinator died, is made once', async () => {
  const rig = new Rig();
  const [a, b] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(a, b, 40n);
  rig.cluster.tap = (_rm, sent) => {
    if (sent.kind !== 'instructions' || !sent.items.some(({ instruction }) => isDecision(instruction))) return 'pass';
    rig.cluster.dead = true;
    return 'lose-request';
  };
  void rig.coordinator.createPayment(rig.caller(), request);
  await rig.clock.when(() => rig.cluster.dead, 'the coordinator to die before its decision');
  rig.cluster.dead = false;
  rig.cluster.tap = () => 'pass';
  const reply = await rig.clock.until((await upgraded(rig)).createPayment(rig.caller(), request));
  expect([verdict(reply), versionOf(request, reply)]).toEqual(['committed', 2]);
  rig.cluster.resolveAll();
  await rig.clock.pass(20_000);
  expect([rig.balance(a), rig.balance(b), rig.leftovers()]).toEqual([60n, 40n, []]);
});

test('a repetition that dies with its legs prepared and its conflict unheard leaves legs that their home ends, not commits', async () => {
  const rig = new Rig();
  const [a, b] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(a, b, 40n);
  expect(verdict(await rig.pay(request))).toBe('committed');
  await rig.clock.pass(20_000);
  const coordinator = await upgraded(rig);
  rig.cluster.tap = (_rm, sent) => {
    if (sent.kind !== 'instructions' || !sent.items.some(({ instruction }) => isDecision(instruction))) return 'pass';
    rig.cluster.dead = true;
    return 'lose-reply';
  };
  void coordinator.createPayment(rig.caller(), request);
  await rig.clock.when(() => rig.cluster.dead, 'the coordinator to die at its decision');
  rig.cluster.dead = false;
  rig.cluster.tap = () => 'pass';
  expect([...rig.cluster.at(slotOfAccount(b)).ledger.preparedLegs()]).toHaveLength(1);
  rig.cluster.resolveAll();
  expect([rig.balance(a), rig.balance(b), rig.leftovers()]).toEqual([60n, 40n, []]);
  const again = await rig.clock.until(rig.another('tc-3').createPayment(rig.caller(), request));
  expect([verdict(again), versionOf(request, again)]).toEqual(['committed', 1]);
});
