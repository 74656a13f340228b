/** Reads: at one moment while payments run, cached without going back, lists by page, and who may see what. */
import { PaymentBody } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { bucketId, paymentKey, present, type AccountNumber } from '@mas/values';
import type { Reply } from './index';
import type { Tap } from './testing/fake-cluster';
import { Rig, USD, verdict } from './testing/rig';

async function traffic(rig: Rig, accounts: readonly AccountNumber[], rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i += 1) {
    const from = accounts[i % accounts.length]!;
    const to = accounts[(i * 7 + 1) % accounts.length]!;
    if (from !== to) await rig.coordinator.createPayment(rig.caller(), rig.request(from, to, BigInt(1 + (i % 5))));
  }
}

describe('several accounts at one moment', () => {
  test('the question for it leaves out homes in the slots of these accounts, and no others', async () => {
    const rig = new Rig();
    const accounts = [rig.open(1, 100n), rig.open(2, 0n), rig.open(2, 5n, 'more')];
    await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), accounts, 'committed', null));
    const choosing = rig.cluster.requests.flatMap((request) => (request.kind === 'read-accounts' && typeof request.at === 'object' ? [request] : []));
    expect(choosing.map(({ bucket }) => bucket).sort()).toEqual([1, 2]);
    for (const { at } of choosing) expect(at).toEqual({ choose: accounts.map(slotOfAccount).map((slot) => ({ from: slot, to: slot })) });
  });

  test('the sum is the same in every answer while transfers run', async () => {
    const rig = new Rig();
    const accounts = Array.from({ length: 9 }, (_, i) => rig.open(1 + (i % 3), 1_000n, `s${i}`));
    // Buckets are reached at different moments, so that one collection alone is no snapshot.
    let turn = 0;
    rig.cluster.lagMs = (request) => (request.kind === 'read-accounts' ? ((turn += 1) % 3) * 2 : 0);
    const running = Promise.all(Array.from({ length: 4 }, (_, i) => traffic(rig, [...accounts.slice(i), ...accounts.slice(0, i)], 60)));
    const sums: bigint[] = [];
    const reader = (async (): Promise<void> => {
      for (let i = 0; i < 12; i += 1) {
        const reply = await rig.coordinator.getAccounts(rig.caller(undefined, 60_000), accounts, 'committed', null);
        if (!reply.ok) throw new Error(reply.error.message);
        sums.push(reply.value.reduce((sum, view) => sum + view.balanceMinor, 0n));
      }
    })();
    await rig.clock.until(Promise.all([running, reader]));
    expect(sums).toEqual(sums.map(() => 9_000n));
  });

  test('a payment that runs wholly between the replies of two buckets is not seen by half', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    let collections = 0;
    let paid: Promise<unknown> = Promise.resolve();
    rig.cluster.lagMs = (request) => {
      if (request.kind !== 'read-accounts' || request.bucket !== 2) return 0;
      collections += 1;
      if (collections !== 2) return 0;
      // The other bucket has been read when the payment begins, this one is read when all of it is over.
      rig.clock.schedule(2, () => {
        paid = rig.coordinator.createPayment(rig.caller(), rig.request(from, to, 10n));
      });
      return 20;
    };
    const reply = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [from, to], 'committed', null));
    await rig.clock.until(paid);
    // It was decided behind the moment that had been chosen.
    expect(reply).toMatchObject({ ok: true, value: [{ balanceMinor: 100n }, { balanceMinor: 0n }] });
    expect(collections).toBe(2);
    expect(await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [from, to], 'committed', null))).toMatchObject({
      ok: true,
      value: [{ balanceMinor: 90n }, { balanceMinor: 10n }],
    });
  });

  test('a payment that stays undecided is in none of the balances, and keeps nobody from reading them', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    // Its home never hears of it: the leg stays prepared.
    const body = {
      kind: 'payment',
      legs: [
        { account: from, effect: 'debit', amountMinor: 10n, currency: USD },
        { account: to, effect: 'credit', amountMinor: 10n, currency: USD },
      ].sort((a, b) => (a.account < b.account ? -1 : 1)),
      reference: null,
      expiresAtMs: null,
      memo: '',
    } as const;
    const prepare = {
      kind: 'prepare',
      txn: 'a'.repeat(64) as never,
      key: paymentKey('mas|ops', 'open'),
      homeSlot: rig.cluster.map.buckets[0]!.slots[0]!.from,
      body: PaymentBody.of({ ...body, legs: [...body.legs] as never }),
      account: to,
      subject: { kind: 'operator', name: 'mas|ops' },
      lockToken: null,
      undecided: [],
    } as const;
    expect(rig.cluster.bucket(2).apply([prepare])[0]?.kind).toBe('prepared');
    const reply = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(undefined, 2_000), [from, to], 'committed', null));
    expect(reply).toMatchObject({ ok: true, value: [{ balanceMinor: 100n }, { balanceMinor: 0n }] });
    expect(await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [to], 'uncommitted', null))).toMatchObject({
      ok: true,
      value: [{ level: 'uncommitted', balanceMinor: 0n, pendingCreditsMinor: 10n }],
    });
  });
});

describe('at a moment that the caller names', () => {
  async function paid(): Promise<{ readonly rig: Rig; readonly accounts: readonly [AccountNumber, AccountNumber]; readonly momentUs: number }> {
    const rig = new Rig();
    const accounts = [rig.open(1, 100n), rig.open(2, 0n)] as const;
    await rig.pay(rig.request(accounts[0], accounts[1], 10n));
    const before = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), accounts, 'committed', null));
    if (!before.ok) throw new Error(before.error.message);
    await rig.pay(rig.request(accounts[0], accounts[1], 5n));
    return { rig, accounts, momentUs: before.value[0]!.momentUs! };
  }

  test('balances are those of then, of all accounts, without what was held', async () => {
    const { rig, accounts, momentUs } = await paid();
    const reply = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), accounts, 'committed', momentUs));
    expect(reply).toMatchObject({
      ok: true,
      value: [
        { balanceMinor: 90n, momentUs, holdsMinor: null },
        { balanceMinor: 10n, momentUs, holdsMinor: null },
      ],
    });
    expect(await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), accounts, 'committed', null))).toMatchObject({
      ok: true,
      value: [{ balanceMinor: 85n }, { balanceMinor: 15n }],
    });
  });

  test('a replica that does not lead is asked before the leader', async () => {
    const { rig, accounts, momentUs } = await paid();
    const asked: number[] = [];
    const leader = rig.cluster.leaders.get(rig.cluster.map.buckets[0]!.bucket);
    rig.cluster.tap = (rm, request) => {
      if (request.kind === 'read-accounts') asked.push(rm);
      return 'pass';
    };
    await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [accounts[0]], 'committed', momentUs));
    expect(asked[0]).not.toBe(leader);
    expect(asked.at(-1)).toBe(leader);
  });

  test.each<[string, (momentUs: number) => number, object]>([
    ['one that has not come yet', (us) => us + 60_000_000, { kind: 'invalid', reason: 'MOMENT_IN_THE_FUTURE', field: 'at_us' }],
    ['one before the account was opened', () => 1, { kind: 'not-found', reason: 'ACCOUNT_DID_NOT_EXIST', field: 'numbers[0]' }],
  ])('%s is refused by name', async (_what, of, error) => {
    const { rig, accounts, momentUs } = await paid();
    expect(await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), accounts, 'committed', of(momentUs)))).toMatchObject({ ok: false, error });
  });
});

test('once COMMITTED was answered, a committed read on another coordinator sees it though the leg was not told', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.cluster.tap = (_, request) =>
    request.kind === 'instructions' && request.items.some((item) => item.instruction.kind === 'commit') ? 'lose-request' : 'pass';
  expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
  expect(await rig.clock.until(rig.another('tc-2').getAccounts(rig.caller(), [to], 'committed', null))).toMatchObject({
    ok: true,
    value: [{ balanceMinor: 10n, holdsMinor: 0n }],
  });
});

describe('cached', () => {
  test('comes from Redis with its age, follows payments, and never goes back over a flush', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const read = (): ReturnType<typeof rig.coordinator.getAccounts> => rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [from], 'cached', null));
    await read();
    await rig.clock.pass(10);
    await read();
    await rig.clock.pass(1_000);
    const reads = rig.cluster.requests.filter((request) => request.kind === 'read-accounts').length;
    expect(await read()).toMatchObject({ ok: true, value: [{ level: 'cached', balanceMinor: 100n, ageMs: expect.any(Number) }] });
    expect(rig.cluster.requests.filter((request) => request.kind === 'read-accounts').length).toBe(reads);
    await rig.pay(rig.request(from, to, 10n));
    await rig.clock.pass(10);
    const after = await read();
    expect(after).toMatchObject({ ok: true, value: [{ level: 'cached', balanceMinor: 90n }] });
    if (after.ok) expect(after.value[0]!.ageMs).toBeGreaterThanOrEqual(1_000);
    rig.dao.flush();
    expect(await read()).toMatchObject({ ok: true, value: [{ balanceMinor: 90n }] });
  });

  test('what was paid under the old contents of Redis does not fill the new ones', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    await rig.pay(rig.request(from, to, 1n));
    await rig.pay(rig.request(from, to, 1n));
    await rig.clock.pass(20);
    expect(rig.dao.cache.get(from)).toMatchObject({ balanceMinor: 98n });
    rig.dao.flush();
    await rig.pay(rig.request(from, to, 1n));
    await rig.clock.pass(20);
    expect(rig.dao.cache.size).toBe(0);
    await rig.clock.pass(6_000);
    await rig.pay(rig.request(from, to, 1n));
    await rig.pay(rig.request(from, to, 1n));
    await rig.clock.pass(20);
    expect(rig.dao.cache.get(from)).toMatchObject({ balanceMinor: 95n });
  });

  test('Redis that is away and comes back still has an older value: it is not shown after the newer one', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const read = async (): Promise<bigint | undefined> => {
      const reply = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [from], 'cached', null));
      return reply.ok ? reply.value[0]?.balanceMinor : undefined;
    };
    await read();
    await rig.clock.pass(20);
    await read();
    await rig.clock.pass(20);
    expect(rig.dao.cache.get(from)).toMatchObject({ balanceMinor: 100n });
    rig.dao.mood = 'refuse';
    await rig.pay(rig.request(from, to, 1n));
    expect(await read()).toBe(99n);
    await rig.clock.pass(1_000);
    rig.dao.mood = 'well';
    expect(rig.dao.cache.get(from)).toMatchObject({ balanceMinor: 100n });
    expect(await read()).toBe(99n);
    await rig.clock.pass(20);
    // And what was read puts the newer one in the older one's place, for the other coordinators too.
    expect(rig.dao.cache.get(from)).toMatchObject({ balanceMinor: 99n });
  });

  test('with Redis away it is read at its bucket', async () => {
    const rig = new Rig();
    const from = rig.open(1, 100n);
    rig.dao.mood = 'refuse';
    expect(await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [from], 'cached', null))).toMatchObject({
      ok: true,
      value: [{ level: 'cached', ageMs: 0, balanceMinor: 100n }],
    });
  });
});

describe('lists', () => {
  test.each(['newest-first', 'oldest-first'] as const)('an account’s payments, %s, page by page', async (direction) => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    for (let i = 0; i < 7; i += 1) await rig.pay(rig.request(from, to, BigInt(i + 1)));
    await rig.clock.pass(50);
    const amounts: bigint[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < 5; pages += 1) {
      const reply: Awaited<ReturnType<typeof rig.coordinator.listPayments>> = await rig.clock.until(
        rig.coordinator.listPayments(rig.caller(), { account: from, direction, cursor, limit: 3, state: 'COMMITTED', fromMs: null, untilMs: null }),
      );
      if (!reply.ok) throw new Error(reply.error.message);
      amounts.push(...reply.value.legs.map((leg) => leg.spec.amountMinor));
      cursor = reply.value.nextCursor;
      if (cursor === null) break;
    }
    const ascending = [1n, 2n, 3n, 4n, 5n, 6n, 7n];
    expect(amounts).toEqual(direction === 'oldest-first' ? ascending : [...ascending].reverse());
  });

  describe('pages come from replicas that do not lead', () => {
    async function listing(sabotage: (rig: Rig, leader: number) => void): Promise<{ readonly amounts: readonly bigint[]; readonly asked: readonly string[] }> {
      const rig = new Rig();
      const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
      for (let i = 0; i < 5; i += 1) await rig.pay(rig.request(from, to, BigInt(i + 1)));
      await rig.clock.pass(50);
      const leader = present(rig.cluster.leaders.get(bucketId(1)), 'leader');
      sabotage(rig, leader);
      rig.cluster.sent.length = 0;
      const amounts: bigint[] = [];
      const query = { account: from, direction: 'oldest-first', limit: 2, state: 'COMMITTED', fromMs: null, untilMs: null } as const;
      for (let cursor: string | null = null, page = 0; page < 3; page += 1) {
        const reply: Awaited<ReturnType<typeof rig.coordinator.listPayments>> = await rig.clock.until(
          rig.coordinator.listPayments(rig.caller(), { ...query, cursor }),
        );
        if (!reply.ok) throw new Error(reply.error.message);
        amounts.push(...reply.value.legs.map((leg) => leg.spec.amountMinor));
        cursor = reply.value.nextCursor;
      }
      return { amounts, asked: rig.cluster.sent.map(({ to: rm, request }) => `${request.kind} ${rm === leader ? 'leader' : 'other'}`) };
    }
    const ALL = [1n, 2n, 3n, 4n, 5n];

    test('the leader says the moment of the first, and is not asked again', async () => {
      const { amounts, asked } = await listing(() => undefined);
      expect(amounts).toEqual(ALL);
      expect(asked).toEqual(['read-accounts leader', 'list-legs other', 'list-legs other', 'list-legs other']);
    });

    test.each<[string, Tap]>([
      ['has not come so far', () => ({ kind: 'unavailable', reason: 'it has not come to the moment of the list yet' })],
      ['does not answer', () => 'lose-request'],
      ['is of a program that does not know of it', () => ({ kind: 'not-leader', leader: null })],
    ])('one that %s: the leader', async (_what, tap) => {
      const { amounts, asked } = await listing((rig, leader) => {
        rig.cluster.tap = (rm, request) => (request.kind === 'list-legs' && rm !== leader ? tap(rm, request) : 'pass');
      });
      expect(amounts).toEqual(ALL);
      expect(asked.filter((step) => step === 'list-legs leader')).toHaveLength(3);
    });

    test('a leader that can say no moment lists itself', async () => {
      const { amounts, asked } = await listing((rig) => {
        rig.cluster.tap = (_rm, request) => (request.kind === 'read-accounts' ? { kind: 'accounts', readings: [], momentUs: null, asStored: false } : 'pass');
      });
      expect(amounts).toEqual(ALL);
      expect(asked).not.toContain('list-legs other');
    });
  });

  test('a cursor of another list, account or direction is refused by name', async () => {
    const rig = new Rig();
    const from = rig.open(1, 100n);
    for (const cursor of ['nonsense!', 'AAAA', Buffer.from('v1\0accounts\x001\x002\0x').toString('base64url')]) {
      expect(
        await rig.clock.until(
          rig.coordinator.listPayments(rig.caller(), { account: from, direction: 'newest-first', cursor, limit: 3, state: null, fromMs: null, untilMs: null }),
        ),
      ).toMatchObject({ ok: false, error: { reason: 'CURSOR_INVALID' } });
    }
  });

  test('a cursor that was cut, edited or taken to another query is refused, and never lands on other rows', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    for (let i = 0; i < 25; i += 1) await rig.pay(rig.request(from, to, 1n));
    await rig.clock.pass(50);
    const query = { account: from, direction: 'oldest-first', limit: 12, state: 'COMMITTED', fromMs: 1, untilMs: null } as const;
    const page = await rig.clock.until(rig.coordinator.listPayments(rig.caller(), { ...query, cursor: null }));
    const cursor = page.ok ? (page.value.nextCursor ?? '') : '';
    expect(await rig.clock.until(rig.coordinator.listPayments(rig.caller(), { ...query, cursor, limit: 3 }))).toMatchObject({ ok: true });
    const refused = { ok: false, error: { kind: 'invalid', reason: 'CURSOR_INVALID' } };
    for (let length = 1; length < cursor.length; length += 1)
      expect(await rig.clock.until(rig.coordinator.listPayments(rig.caller(), { ...query, cursor: cursor.slice(0, length) }))).toMatchObject(refused);
    for (let at = 0; at < cursor.length; at += 1) {
      const edited = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
      expect(await rig.clock.until(rig.coordinator.listPayments(rig.caller(), { ...query, cursor: edited }))).toMatchObject(refused);
    }
    for (const other of [{ account: to }, { direction: 'newest-first' as const }, { state: null }, { fromMs: 2 }, { untilMs: 9_999_999_999_999 }]) {
      expect(await rig.clock.until(rig.coordinator.listPayments(rig.caller(), { ...query, ...other, cursor }))).toMatchObject(refused);
    }
    const accounts = await rig.clock.until(rig.coordinator.listAccounts(rig.caller(), null, 1));
    const place = accounts.ok ? (accounts.value.nextCursor ?? '') : '';
    for (let length = 1; length < place.length; length += 1)
      expect(await rig.clock.until(rig.coordinator.listAccounts(rig.caller(), place.slice(0, length), 1))).toMatchObject(refused);
    expect(await rig.clock.until(rig.coordinator.listAccounts(rig.caller(), cursor, 1))).toMatchObject(refused);
  });

  test.each([1, 2, 4, 500])('all accounts, %s at a time, over all buckets, each once', async (limit) => {
    const rig = new Rig();
    const accounts = Array.from({ length: 10 }, (_, i) => rig.open(1 + (i % 3), 1n, `l${i}`));
    const seen: AccountNumber[] = [];
    let cursor: string | null = null;
    do {
      const reply: Awaited<ReturnType<typeof rig.coordinator.listAccounts>> = await rig.clock.until(rig.coordinator.listAccounts(rig.caller(), cursor, limit));
      if (!reply.ok) throw new Error(reply.error.message);
      expect(reply.value.accounts.length).toBeLessThanOrEqual(limit);
      seen.push(...reply.value.accounts.map((view) => view.number));
      cursor = reply.value.nextCursor;
    } while (cursor !== null && seen.length < 50);
    expect([...seen].sort()).toEqual([...accounts].sort());
  });
});

test("an account's token reads that account only", async () => {
  const rig = new Rig();
  const [own, other] = [rig.open(1, 100n), rig.open(2, 0n)];
  const caller = rig.caller({ kind: 'account', account: own });
  expect(await rig.clock.until(rig.coordinator.getAccounts(caller, [own], 'committed', null))).toMatchObject({ ok: true });
  const replies = await rig.clock.until(
    Promise.all([
      rig.coordinator.getAccounts(caller, [own, other], 'committed', null),
      rig.coordinator.listPayments(caller, { account: other, direction: 'newest-first', cursor: null, limit: 3, state: null, fromMs: null, untilMs: null }),
      rig.coordinator.getPayment(caller, { kind: 'txn', txn: 'a'.repeat(64) as never, account: other }),
      rig.coordinator.createAccount(caller, { id: 'mine', number: own, currency: USD, openingBalanceMinor: 1n, minimumMinor: null, owner: '' }),
      rig.coordinator.createPayment(caller, rig.request(other, own, 1n)),
      rig.coordinator.createPayment(
        caller,
        rig.request(other, own, 1n, {
          kind: 'authorization',
          expiresInSeconds: 60,
          legs: [{ account: other, direction: 'debit', amountMinor: 1n, currency: USD }],
        }),
      ),
      rig.coordinator.listAccounts(caller, null, 10),
      rig.audit(caller),
      rig.coordinator.undecided(caller),
      rig.coordinator.resolve(caller, 'a'.repeat(64) as never, own),
      rig.coordinator.clusterStatus(caller),
      rig.coordinator.changeAccount(caller, { id: 'x', number: own, change: 'freeze' }),
    ]),
  );
  expect(replies.map((reply) => (reply.ok ? 'ok' : reply.error.kind))).toEqual(replies.map(() => 'permission-denied'));
});

test('a read that a Resource Manager does not allow is refused at once, and asked once', async () => {
  const rig = new Rig();
  const account = rig.open(1, 100n);
  rig.cluster.tap = () => ({ kind: 'permission-denied', reason: 'TOKEN_EXPIRED' });
  const caller = rig.caller({ kind: 'account', account });
  const startedMs = rig.clock.monotonicMs();
  for (const read of [
    () => rig.coordinator.getAccounts(caller, [account], 'committed', null),
    () => rig.coordinator.listPayments(caller, { account, direction: 'newest-first', cursor: null, limit: 3, state: null, fromMs: null, untilMs: null }),
    () => rig.coordinator.getPayment(caller, { kind: 'txn', txn: 'a'.repeat(64) as never, account }),
    () =>
      rig.coordinator.createPayment(
        rig.caller(),
        rig.request(account, account, 1n, { kind: 'refund', legs: [], reference: { kind: 'txn', txn: 'a'.repeat(64) as never, account } }),
      ),
  ]) {
    const asked = rig.cluster.requests.length;
    expect(await rig.clock.until<Reply<unknown>>(read())).toMatchObject({
      ok: false,
      error: { kind: 'permission-denied', reason: 'NOT_AUTHORIZED', message: expect.stringContaining('TOKEN_EXPIRED') as unknown },
    });
    expect(rig.cluster.requests.length - asked).toBe(1);
  }
  expect(rig.clock.monotonicMs() - startedMs).toBeLessThan(100);
});

test('getPayment: a terminal entry is believed, a pending one is not; and for operators the home is asked, because it alone knows what was forced', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(from, to, 10n);
  await rig.pay(request);
  await rig.clock.pass(50);
  const key = paymentKey('mas|ops', request.id);
  const entry = rig.dao.entries.get(key)!;
  const { decision } = rig.cluster.bucket(1).rows.outcome(key)!;
  const commitUs = decision.kind === 'committed' ? decision.commitUs : null;
  expect(commitUs).toEqual(expect.any(Number));
  const get = (): ReturnType<typeof rig.coordinator.getPayment> => rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: request.id }));
  expect(await get()).toMatchObject({
    ok: true,
    value: { state: 'COMMITTED', commitUs, outcome: { txn: entry.txn }, timeline: expect.arrayContaining([expect.objectContaining({ step: 'decided' })]) },
  });
  const receiver = rig.caller({ kind: 'account', account: to });
  expect(await rig.clock.until(rig.coordinator.getPayment(receiver, { kind: 'txn', txn: entry.txn, account: to }))).toMatchObject({
    ok: true,
    value: { state: 'COMMITTED', commitUs, outcome: null },
  });
  rig.dao.drop(key);
  await rig.clock.until(rig.dao.begin([{ ...entry, state: 'PENDING', endedAtMs: null, commitUs: null }], []));
  expect(await get()).toMatchObject({ ok: true, value: { state: 'COMMITTED', outcome: { txn: entry.txn } } });
  rig.dao.mood = 'hang';
  expect(await get()).toMatchObject({
    ok: true,
    value: {
      state: 'COMMITTED',
      commitUs,
      timeline: expect.arrayContaining([
        expect.objectContaining({ step: 'prepared', bucket: 2, detail: to }),
        expect.objectContaining({ step: 'decided', bucket: 1, detail: 'COMMITTED' }),
        expect.objectContaining({ step: 'told', bucket: 2, detail: to }),
      ]) as unknown,
    },
  });
  rig.dao.mood = 'well';
  const byTxn = await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'txn', txn: entry.txn, account: to }));
  expect(byTxn).toMatchObject({ ok: true, value: { id: request.id, scope: 'mas|ops', state: 'COMMITTED' } });
  expect(await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: 'never' }))).toMatchObject({
    ok: false,
    error: { kind: 'not-found', reason: 'PAYMENT_NOT_FOUND' },
  });
});
