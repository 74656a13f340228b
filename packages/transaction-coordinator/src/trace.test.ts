/** A payment's trace tells what the attempt that decided it did; whoever asks again, finishes or contradicts it may add to that and takes nothing away. */
import { paymentKey } from '@mas/values';
import type { PaymentView } from './index';
import { Rig, verdict } from './testing/rig';

async function trace(rig: Rig, id: string): Promise<PaymentView> {
  await rig.clock.pass(2_000);
  const reply = await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id }));
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value;
}

const stepsOf = (view: PaymentView): readonly string[] => view.timeline.map((step) => step.step);

test.each(['the same coordinator', 'another one'])('a retry at %s adds itself to the trace', async (where) => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(from, to, 5n);
  expect(verdict(await rig.pay(request))).toBe('committed');
  const before = await trace(rig, request.id);
  expect(stepsOf(before)).toEqual(['received', 'journaled', 'prepare-sent', 'prepared', 'decide-sent', 'decided', 'answered', 'tell-sent', 'told', 'ended']);
  const coordinator = where === 'another one' ? rig.another('tc-2') : rig.coordinator;
  expect(verdict(await rig.clock.until(coordinator.createPayment(rig.caller(), request)))).toBe('committed');
  const after = await trace(rig, request.id);
  expect(after.timeline.slice(0, before.timeline.length)).toEqual(before.timeline);
  expect(after.timeline[before.timeline.length]).toMatchObject({ step: 'received', detail: `again, by ${where === 'another one' ? 'tc-2' : 'tc-1'}` });
  expect(after.createdAtMs).toBe(before.createdAtMs);
});

test('another request under its id leaves the trace as it was', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(from, to, 5n);
  expect(verdict(await rig.pay(request))).toBe('committed');
  const before = await trace(rig, request.id);
  expect(verdict(await rig.pay({ ...request, memo: 'x' }))).toBe('error ID_CONFLICT');
  expect(await trace(rig, request.id)).toEqual(before);
});

test('another request under the id of an account’s change leaves no entry of it', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  await rig.clock.until(rig.coordinator.changeAccount(rig.caller(), { id: 'x', number: from, change: 'freeze' }));
  expect(verdict(await rig.pay(rig.request(from, to, 5n, { id: 'x' })))).toBe('error ID_CONFLICT');
  await rig.clock.pass(2_000);
  expect(rig.dao.entries.get(paymentKey('mas|ops', 'x'))).toBeUndefined();
});

test('a retry with a token that is refused does not forget the payment that is under way', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(from, to, 5n);
  rig.cluster.lagMs = (sent) =>
    sent.kind === 'instructions' && sent.items.some((item) => item.instruction.kind === 'prepare' && item.token === 'token') ? 1_000 : 0;
  const first = rig.coordinator.createPayment(rig.caller(), request);
  await rig.clock.pass(100);
  const second = rig.another('tc-2');
  const refused = await rig.clock.until(second.createPayment(rig.caller(undefined, 20_000, 'expired'), request));
  expect(refused.ok).toBe(false);
  await rig.clock.pass(50);
  const key = paymentKey('mas|ops', request.id);
  expect(rig.dao.entries.get(key)?.coordinator).toBe('tc-1');
  await rig.clock.until(first);
});

test('what another coordinator finishes keeps its beginning', async () => {
  const rig = new Rig({ config: { orphanAgeMs: 30_000, recoveryIntervalMs: 1_000 } });
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(from, to, 5n);
  const died = rig.another('tc-2');
  rig.cluster.silent.add(rig.cluster.placement.map.buckets[0]!.bucket);
  expect(verdict(await rig.clock.until(died.createPayment(rig.caller(undefined, 1_000), request)))).toBe('unknown');
  // Until that coordinator has given up.
  await rig.clock.pass(15_000);
  rig.cluster.silent.clear();
  rig.coordinator.start();
  await rig.clock.pass(60_000);
  const view = await trace(rig, request.id);
  expect(view.state).toBe('ABORTED');
  expect(stepsOf(view)[0]).toBe('received');
  await rig.coordinator.stop(0);
});
