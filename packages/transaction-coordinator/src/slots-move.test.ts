/** A slot moves under a coordinator: whatever it is asked meanwhile waits for the new owner, and nobody who asks hears of it (docs/adr/0029). */
import { slotOfAccount } from '@mas/placement';
import type { AccountNumber } from '@mas/values';
import type { ListPaymentsRequest } from './coordinator-service';
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

test.each([1, 2, 3])('all accounts are listed once, %s at a time, though slots go to and fro between two pages', async (limit) => {
  const rig = new Rig();
  const accounts = Array.from({ length: 12 }, (_, i) => rig.open(1 + (i % 3), 1n, `l${i}`));
  const listed: AccountNumber[] = [];
  let cursor: string | null = null;
  for (let move = 1; ; move += 1) {
    // One that has been listed, or is still to come, to a bucket before or behind its own.
    const moved = slotOfAccount(accounts[(move * 5) % accounts.length] as AccountNumber);
    const owner = rig.cluster.at(moved).id;
    const arrive = rig.cluster.depart(moved, 1 + ((owner + (move % 2)) % 3), move);
    rig.clock.schedule(move % 3 === 0 ? AWAY_MS : 0, arrive);
    const reply: Awaited<ReturnType<typeof rig.coordinator.listAccounts>> = await rig.clock.until(rig.coordinator.listAccounts(rig.caller(), cursor, limit));
    if (!reply.ok) throw new Error(reply.error.message);
    listed.push(...reply.value.accounts.map(({ number }) => number));
    cursor = reply.value.nextCursor;
    if (cursor === null) break;
    await rig.clock.pass(AWAY_MS);
  }
  expect([...listed].sort()).toEqual([...accounts].sort());
});

test.each(['newest-first', 'oldest-first'] as const)(
  'payments of an account are listed once, %s, though its slot moves between two pages',
  async (direction) => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 1_000n), rig.open(2, 0n)];
    for (let i = 0; i < 9; i += 1) await rig.pay(rig.request(from, to, 1n));
    rig.cluster.resolveAll();
    const listed: string[] = [];
    let cursor: string | null = null;
    for (let move = 1; ; move += 1) {
      const query: ListPaymentsRequest = { account: from, direction, cursor, limit: 2, state: null, fromMs: null, untilMs: null };
      const reply: Awaited<ReturnType<typeof rig.coordinator.listPayments>> = await rig.clock.until(rig.coordinator.listPayments(rig.caller(), query));
      if (!reply.ok) throw new Error(reply.error.message);
      listed.push(...reply.value.legs.map(({ txn }) => txn));
      cursor = reply.value.nextCursor;
      if (cursor === null) break;
      rig.clock.schedule(AWAY_MS, rig.cluster.depart(slotOfAccount(from), move % 2 === 0 ? 1 : 3, move));
    }
    expect([listed.length, new Set(listed).size]).toEqual([9, 9]);
  },
);

test('a slot that does not arrive in time is said by name', async () => {
  const rig = new Rig();
  const account = rig.open(1, 1_000n);
  rig.cluster.depart(slotOfAccount(account), 3, 1);
  const read = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(undefined, 2_000), [account], 'committed', null));
  expect(read).toMatchObject({ ok: false, error: { kind: 'unavailable', reason: 'SLOT_MOVING' } });
});
