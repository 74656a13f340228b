/** An id belongs to one request of any kind, and what was asked for under it happens once: also with two coordinators, deaths and late messages. */
import { changeBody, changeRecordKey, type Instruction } from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import { accountNumber, paymentKey, type AccountNumber } from '@mas/values';
import { Rig, USD, verdict } from './testing/rig';

type Change = 'freeze' | 'unfreeze' | 'close';

async function change(rig: Rig, id: string, number: AccountNumber, kind: Change, coordinator = rig.coordinator, timeoutMs = 20_000): Promise<string> {
  const reply = await rig.clock.until(coordinator.changeAccount(rig.caller(undefined, timeoutMs), { id, number, change: kind }));
  return reply.ok ? reply.value.status : `${reply.error.reason}${reply.error.field === null ? '' : ` ${reply.error.field}`}`;
}

async function create(rig: Rig, id: string, number: AccountNumber): Promise<string> {
  const reply = await rig.clock.until(
    rig.coordinator.createAccount(rig.caller(), { id, number, currency: USD, openingBalanceMinor: 1n, minimumMinor: null, owner: 'x' }),
  );
  return reply.ok ? `created ${reply.value.created}` : `${reply.error.reason} ${reply.error.field}`;
}

function statusOf(rig: Rig, number: AccountNumber): string {
  return rig.cluster.at(slotOfAccount(number)).rows.account(number)?.status ?? 'none';
}

test.each(['x', '{elsewhere}x', '{a-0}x', 'x'.repeat(128)])(
  'whatever is asked under the id %s of a freeze is refused with what differs: accounts and payments share one space of ids',
  async (id) => {
    const rig = new Rig();
    const [a, b] = [rig.open(1, 100n), rig.open(2, 100n)];
    expect(await change(rig, id, a, 'freeze')).toBe('frozen');
    expect([
      await change(rig, id, b, 'freeze'),
      await change(rig, id, a, 'unfreeze'),
      await create(rig, id, accountNumber('new')),
      await create(rig, id, b),
    ]).toEqual(['ID_CONFLICT number', 'ID_CONFLICT change', 'ID_CONFLICT kind', 'ID_CONFLICT kind']);
    const paid = await rig.pay(rig.request(b, a, 1n, { id }));
    expect(paid).toMatchObject({ ok: false, error: { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'kind' } });
    expect(paid.ok ? '' : paid.error.message).toContain(`(freeze of account ${a})`);
    expect([statusOf(rig, a), statusOf(rig, b), rig.balance(a), rig.balance(b)]).toEqual(['frozen', 'open', 100n, 100n]);
    expect(await change(rig, id, a, 'freeze')).toBe('frozen');
  },
);

test('nor does the id of a payment or of a creation change an account', async () => {
  const rig = new Rig();
  const [a, b] = [rig.open(1, 100n), rig.open(2, 100n)];
  expect(verdict(await rig.pay(rig.request(a, b, 1n, { id: 'paid' })))).toBe('committed');
  expect(await create(rig, 'made', accountNumber('new'))).toBe('created true');
  expect([await change(rig, 'paid', a, 'freeze'), await change(rig, 'made', a, 'freeze'), await create(rig, 'paid', accountNumber('newer'))]).toEqual([
    'ID_CONFLICT kind',
    'ID_CONFLICT kind',
    'ID_CONFLICT kind',
  ]);
  expect([statusOf(rig, a), statusOf(rig, accountNumber('newer'))]).toEqual(['open', 'none']);
});

test('two coordinators, one id, two accounts, at once: one is frozen, the other is told', async () => {
  const rig = new Rig();
  const second = rig.another('tc-2');
  const [a, b] = [rig.open(1, 0n), rig.open(2, 0n)];
  const answers = await Promise.all([change(rig, 'x', a, 'freeze'), change(rig, 'x', b, 'freeze', second)]);
  expect([...answers].sort()).toEqual(['ID_CONFLICT number', 'frozen']);
  expect([statusOf(rig, a), statusOf(rig, b)].sort()).toEqual(['frozen', 'open']);
});

test('a coordinator that dies between binding the id and the change: the retry makes the change, and no other request may', async () => {
  const rig = new Rig();
  const [a, b] = [rig.open(1, 0n), rig.open(2, 0n)];
  rig.cluster.tap = (_rm, request) => (isChange(request) ? 'lose-request' : 'pass');
  expect(await change(rig, 'x', a, 'freeze', rig.coordinator, 3_000)).toBe('OUTCOME_UNKNOWN');
  rig.cluster.tap = () => 'pass';
  const second = rig.another('tc-2');
  expect([statusOf(rig, a), await change(rig, 'x', b, 'freeze', second), await change(rig, 'x', a, 'freeze', second)]).toEqual([
    'open',
    'ID_CONFLICT number',
    'frozen',
  ]);
});

test('late and repeated, it does not happen again: neither a retry nor a message that was long on its way undoes what came after', async () => {
  const rig = new Rig();
  const second = rig.another('tc-2');
  const a = rig.open(1, 5n);
  const late: Instruction[] = [];
  rig.cluster.tap = (_rm, request) => {
    if (late.length > 0 || !isChange(request)) return 'pass';
    late.push(...request.items.map((item) => item.instruction));
    return 'lose-request';
  };
  expect(await change(rig, 'x', a, 'freeze', rig.coordinator, 1_000)).toBe('OUTCOME_UNKNOWN');
  expect([await change(rig, 'x', a, 'freeze', second), await change(rig, 'y', a, 'unfreeze', second)]).toEqual(['frozen', 'open']);
  for (const instruction of late) rig.cluster.run(slotOfAccount(a), instruction);
  expect(statusOf(rig, a)).toBe('open');
  // What was answered is answered again.
  expect([await change(rig, 'x', a, 'freeze'), await change(rig, 'y', a, 'unfreeze', second), statusOf(rig, a)]).toEqual(['frozen', 'open', 'open']);
});

test('a refusal is final too: what was refused does not happen later', async () => {
  const rig = new Rig();
  const second = rig.another('tc-2');
  const a = rig.open(1, 5n);
  const late: Instruction[] = [];
  rig.cluster.tap = (_rm, request) => {
    if (late.length > 0 || !isChange(request)) return 'pass';
    late.push(...request.items.map((item) => item.instruction));
    return 'lose-request';
  };
  expect(await change(rig, 'x', a, 'freeze', rig.coordinator, 1_000)).toBe('OUTCOME_UNKNOWN');
  expect([await change(rig, 'first', a, 'freeze', second), await change(rig, 'x', a, 'freeze', second), await change(rig, 'y', a, 'unfreeze', second)]).toEqual(
    ['frozen', 'ACCOUNT_FROZEN', 'open'],
  );
  for (const instruction of late)
    expect(rig.cluster.run(slotOfAccount(a), instruction)).toMatchObject({ kind: 'refused', refusal: { name: 'ACCOUNT_FROZEN' } });
  expect([await change(rig, 'x', a, 'freeze'), statusOf(rig, a)]).toEqual(['ACCOUNT_FROZEN', 'open']);
});

test('the change lies in the slot of its account, the binding in the home of its id: stores look for a record in the home slot of its key', async () => {
  const rig = new Rig();
  const a = rig.open(1, 10n);
  expect(await change(rig, 'x', a, 'freeze')).toBe('frozen');
  const key = paymentKey('mas|ops', 'x');
  const bound = rig.cluster.at(homeSlotOfKey(key)).rows.outcome(key);
  expect(bound).toMatchObject({ slot: homeSlotOfKey(key), body: changeBody(a, { kind: 'freeze' }) });
  if (bound === undefined) return;
  const record = changeRecordKey(key, bound.txn, a);
  expect(homeSlotOfKey(record)).toBe(slotOfAccount(a));
  expect(rig.cluster.at(slotOfAccount(a)).rows.outcome(record)).toMatchObject({ slot: slotOfAccount(a), decision: { kind: 'committed' } });
  expect(await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: 'x' }))).toMatchObject({
    ok: false,
    error: { reason: 'PAYMENT_NOT_FOUND' },
  });
});

function isChange(request: Parameters<Rig['cluster']['tap']>[1]): request is Extract<typeof request, { kind: 'instructions' }> {
  return request.kind === 'instructions' && request.items.some((item) => item.instruction.kind === 'change-account');
}
