/** A slot moves under a coordinator: whatever it is asked meanwhile waits for the new owner, and nobody who asks hears of it (docs/adr/0029). */
import { slotOfAccount } from '@mas/placement';
import type { AccountNumber } from '@mas/values';
import { Rig } from './testing/rig';

/** Nobody owns the slot for so long. */
const AWAY_MS = 700;

function moving(rig: Rig, account: AccountNumber, to: number): Promise<void> {
  const arrive = rig.cluster.depart(slotOfAccount(account), to, 1);
  return new Promise((resolve) => {
    rig.clock.schedule(AWAY_MS, () => {
      arrive();
      resolve();
    });
  });
}

test.each<[string, 0 | 1]>([
  ['the payer, with its homes', 0],
  ['the payee', 1],
])('payments go on while %s moves', async (_who, which) => {
  const rig = new Rig();
  const accounts = [rig.open(1, 1_000n), rig.open(2, 0n)] as const;
  const [from, to] = accounts;
  const pay = () => rig.coordinator.createPayment(rig.caller(), rig.request(from, to, 1n));
  expect(await rig.clock.until(pay())).toMatchObject({ ok: true, value: { kind: 'committed' } });
  const arrived = moving(rig, accounts[which], 3);
  const paid = await rig.clock.until(Promise.all(Array.from({ length: 20 }, pay)));
  expect(paid.map((reply) => (reply.ok ? reply.value.kind : reply.error))).toEqual(paid.map(() => 'committed'));
  await rig.clock.until(arrived);
  rig.cluster.resolveAll();
  const read = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), accounts, 'committed', null));
  expect(read).toMatchObject({ ok: true, value: [{ balanceMinor: 979n }, { balanceMinor: 21n }] });
  for (const bucket of rig.cluster.buckets.values()) expect(bucket.alarms).toEqual([]);
});

test('reads, lists and a payment by its id follow', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 1_000n), rig.open(2, 0n)];
  const request = rig.request(from, to, 1n);
  await rig.clock.until(rig.coordinator.createPayment(rig.caller(), request));
  rig.cluster.resolveAll();
  const arrived = moving(rig, from, 3);
  const { coordinator } = rig;
  const list = { account: from, direction: 'newest-first', cursor: null, limit: 10, state: null, fromMs: null, untilMs: null } as const;
  const [one, both, legs, again] = await rig.clock.until(
    Promise.all([
      coordinator.getAccounts(rig.caller(), [from], 'committed', null),
      coordinator.getAccounts(rig.caller(), [from, to], 'committed', null),
      coordinator.listPayments(rig.caller(), list),
      coordinator.createPayment(rig.caller(), request),
    ]),
  );
  await arrived;
  expect(one).toMatchObject({ ok: true, value: [{ balanceMinor: 999n }] });
  expect(both).toMatchObject({ ok: true, value: [{ balanceMinor: 999n }, { balanceMinor: 1n }] });
  expect(legs).toMatchObject({ ok: true, value: { legs: [{ state: 'committed' }] } });
  expect(again).toMatchObject({ ok: true, value: { kind: 'committed' } });
});

test('a slot that does not arrive in time is said by name', async () => {
  const rig = new Rig();
  const account = rig.open(1, 1_000n);
  rig.cluster.depart(slotOfAccount(account), 3, 1);
  const read = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(undefined, 2_000), [account], 'committed', null));
  expect(read).toMatchObject({ ok: false, error: { kind: 'unavailable', reason: 'SLOT_MOVING' } });
});
