/** Accounts' life, the audit that finds what is wrong, undecided transactions and their forced resolution, settings. */
import { slotOfAccount } from '@mas/placement';
import type { ReplicaFindings } from '@mas/two-phase-commit';
import { accountNumber, bucketId, delay, paymentKey, rmId, type AccountNumber } from '@mas/values';
import { coordinatorConfig } from './coordinator-config';
import type { AuditReport } from './coordinator-service';
import { Rig, USD, verdict } from './testing/rig';

describe('accounts', () => {
  const creation = (number: AccountNumber, more: object = {}) =>
    ({ id: `{${number}}create`, number, currency: USD, openingBalanceMinor: 100n, minimumMinor: null, owner: 'Ann', ...more }) as const;

  test('created once, whoever asks again; another body or id is refused by name', async () => {
    const rig = new Rig();
    const number = accountNumber('abc');
    const create = (request: ReturnType<typeof creation>): ReturnType<typeof rig.coordinator.createAccount> =>
      rig.clock.until(rig.coordinator.createAccount(rig.caller(), request));
    expect(await create(creation(number))).toMatchObject({
      ok: true,
      value: { created: true, account: { number, balanceMinor: 100n, owner: 'Ann', level: 'committed' } },
    });
    expect(await create(creation(number))).toMatchObject({ ok: true, value: { created: false } });
    expect(await create(creation(number, { openingBalanceMinor: 5n }))).toMatchObject({
      ok: false,
      error: { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'opening_balance' },
    });
    expect(await create(creation(number, { id: 'other' }))).toMatchObject({ ok: false, error: { kind: 'already-exists' } });
    expect(await create(creation(accountNumber('neg'), { openingBalanceMinor: -1n }))).toMatchObject({
      ok: false,
      error: { kind: 'invalid', field: 'opening_balance' },
    });
  });

  test('one id creates one account: with another number, by many at once, and after a refusal', async () => {
    const rig = new Rig();
    const create = (request: ReturnType<typeof creation>): ReturnType<typeof rig.coordinator.createAccount> =>
      rig.coordinator.createAccount(rig.caller(), request);
    const numbers = Array.from({ length: 20 }, (_, i) => accountNumber(`many-${i}`));
    const replies = await rig.clock.until(Promise.all(numbers.map((number) => create(creation(number, { id: 'one' })))));
    const created = replies.flatMap((reply, i) => (reply.ok ? [numbers[i]!] : []));
    expect(created).toHaveLength(1);
    for (const reply of replies) if (!reply.ok) expect(reply.error).toMatchObject({ kind: 'already-exists', reason: 'ID_CONFLICT', field: 'number' });
    for (const number of numbers) expect(rig.cluster.at(slotOfAccount(number)).rows.account(number) !== undefined).toBe(number === created[0]);
    expect(await rig.clock.until(create(creation(created[0]!, { id: 'one' })))).toMatchObject({ ok: true, value: { created: false } });
    // A refused request has not used its id up.
    const later = accountNumber('later');
    expect(await rig.clock.until(create(creation(later, { id: 'later', minimumMinor: 500n })))).toMatchObject({
      ok: false,
      error: { reason: 'OPENING_BALANCE_BELOW_MINIMUM' },
    });
    expect(await rig.clock.until(create(creation(later, { id: 'later', minimumMinor: 500n, openingBalanceMinor: 500n })))).toMatchObject({
      ok: true,
      value: { created: true },
    });
    expect(await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: 'later' }))).toMatchObject({
      ok: false,
      error: { reason: 'PAYMENT_NOT_FOUND' },
    });
  });

  test('frozen, unfrozen, closed only when empty; repeated changes change nothing', async () => {
    const rig = new Rig();
    const [account, other] = [rig.open(1, 10n), rig.open(2, 0n)];
    const change = (id: string, kind: 'freeze' | 'unfreeze' | 'close'): Promise<unknown> =>
      rig.clock.until(rig.coordinator.changeAccount(rig.caller(), { id, number: account, change: kind }));
    expect(await change('1', 'freeze')).toMatchObject({ ok: true, value: { status: 'frozen' } });
    expect(await change('1', 'freeze')).toMatchObject({ ok: true, value: { status: 'frozen' } });
    expect(await change('1', 'unfreeze')).toMatchObject({ ok: false, error: { reason: 'ID_CONFLICT' } });
    expect(verdict(await rig.pay(rig.request(account, other, 1n)))).toBe('aborted ACCOUNT_FROZEN');
    expect(await change('2', 'unfreeze')).toMatchObject({ ok: true, value: { status: 'open' } });
    expect(await change('3', 'close')).toMatchObject({ ok: false, error: { reason: 'ACCOUNT_NOT_EMPTY' } });
    expect(verdict(await rig.pay(rig.request(account, other, 10n)))).toBe('committed');
    expect(await change('4', 'close')).toMatchObject({ ok: true, value: { status: 'closed' } });
    expect(verdict(await rig.pay(rig.request(other, account, 1n)))).toBe('aborted ACCOUNT_CLOSED');
  });

  test('a locked account is changed once the lock is gone, or refused by name at the deadline', async () => {
    const rig = new Rig();
    const account = rig.open(1, 10n);
    rig.locks.hold(account, 'auditor', 1_500);
    const freeze = (id: string, timeoutMs: number): Promise<unknown> =>
      rig.clock.until(rig.coordinator.changeAccount(rig.caller(undefined, timeoutMs), { id, number: account, change: 'freeze' }));
    expect(await freeze('1', 1_000)).toMatchObject({ ok: false, error: { kind: 'aborted', reason: 'LOCK_TIMEOUT' } });
    expect(await freeze('1', 5_000)).toMatchObject({ ok: true, value: { status: 'frozen' } });
  });

  test('a silent bucket: unavailable, with the advice to ask again', async () => {
    const rig = new Rig();
    rig.cluster.silent.add(rig.cluster.placement.bucketOf(slotOfAccount(accountNumber('abc'))));
    expect(await rig.clock.until(rig.coordinator.createAccount(rig.caller(undefined, 3_000), creation(accountNumber('abc'))))).toMatchObject({
      ok: false,
      error: { kind: 'unavailable', reason: 'OUTCOME_UNKNOWN' },
    });
  });
});

describe('a lost disk', () => {
  test('is not that of one who answers, unless one is named that does not count any more', async () => {
    const rig = new Rig();
    const replace = (meant: number | null = null): Promise<unknown> => rig.clock.until(rig.coordinator.replaceNode(rig.caller(), 2, meant));
    const words = (): number => rig.cluster.requests.filter(({ kind }) => kind === 'replace-node').length;
    expect(await replace()).toMatchObject({ ok: false, error: { kind: 'failed-precondition', reason: 'RESOURCE_MANAGER_ANSWERS' } });
    expect(words()).toBe(0);
    // The meta group's leader finds that it does not count, and changes nothing.
    expect(await replace(7)).toMatchObject({ ok: false, error: { reason: 'CLUSTER_NOT_RECORDED' } });
    expect(words()).toBe(1);
    rig.cluster.freeze(rmId(2));
    expect(await replace()).toMatchObject({ ok: false, error: { reason: 'CLUSTER_NOT_RECORDED' } });
    expect(words()).toBe(2);
  });
});

describe('audit', () => {
  async function audited(rig: Rig): Promise<{
    readonly consistent: boolean;
    readonly counts: readonly number[];
    readonly differences: readonly string[];
    readonly incomplete: readonly string[];
  }> {
    const reply = await rig.clock.until(rig.audit(rig.caller(undefined, 60_000)));
    if (!reply.ok) throw new Error(reply.error.message);
    return {
      consistent: reply.value.consistent,
      counts: reply.value.checks.map((check) => check.count),
      differences: reply.value.checks.flatMap((check) => check.differences),
      incomplete: reply.value.incomplete,
    };
  }

  async function busy(rig = new Rig()): Promise<{ readonly rig: Rig; readonly accounts: readonly AccountNumber[] }> {
    const accounts = Array.from({ length: 6 }, (_, i) => rig.open(1 + (i % 3), 100n, `u${i}`));
    const requests = Array.from({ length: 40 }, (_, i) => rig.request(accounts[i % 6]!, accounts[(i * 5 + 1) % 6]!, BigInt(1 + (i % 60)))).filter(
      (request) => request.legs[0]!.account !== request.legs[1]!.account,
    );
    await rig.clock.until(rig.coordinator.createPayments(rig.caller(), requests));
    return { rig, accounts };
  }

  test('a sound cluster, payments running: no differences, and it says how much it compared', async () => {
    const { rig, accounts } = await busy();
    const running = Promise.all(
      Array.from({ length: 10 }, (_, i) => rig.coordinator.createPayment(rig.caller(), rig.request(accounts[i % 6]!, accounts[(i + 1) % 6]!, 1n))),
    );
    const report = await audited(rig);
    await rig.clock.until(running);
    expect(report.differences).toEqual([]);
    expect(report.counts.every((count) => count > 0)).toBe(true);
  });

  test('a bucket that payments have overtaken is asked for another moment', async () => {
    const { rig } = await busy();
    let forgotten = 2;
    rig.cluster.tap = (_, request) => {
      if (request.kind !== 'totals' || request.atUs === null || forgotten === 0) return 'pass';
      forgotten -= 1;
      return { kind: 'no-moment', why: 'forgotten', sinceUs: 1 };
    };
    expect(await audited(rig)).toMatchObject({ consistent: true, differences: [] });
  });

  test.each<[string, (rig: Rig, accounts: readonly AccountNumber[]) => void, RegExp]>([
    [
      'money from nowhere',
      (rig, accounts) => {
        const row = rig.cluster.bucket(1).rows.account(accounts[0]!)!;
        rig.cluster.bucket(1).rows.putAccount({ ...row, balanceMinor: row.balanceMinor + 1n });
      },
      /adds? up|balance/i,
    ],
    [
      'a leg lost on one side',
      (rig) => {
        const bucket = rig.cluster.bucket(2);
        const leg = bucket.rows.sortedLegs().find((candidate) => candidate.state === 'committed' && candidate.body!.legs.length === 2)!;
        bucket.rows.legs.get(leg.account)!.delete(leg.txn);
      },
      /Payment [0-9a-f]{64} is committed, but account \S+ has no committed leg of it/,
    ],
    [
      'a decision that a leg contradicts',
      (rig) => {
        const bucket = rig.cluster.bucket(3);
        const row = bucket.rows.sortedOutcomes().find((candidate) => candidate.decision.kind === 'committed')!;
        bucket.rows.putOutcome({ ...row, decision: { kind: 'aborted', atMs: 1, reason: { name: 'CANCELLED', account: null, facts: {} } } });
      },
      /Payment [0-9a-f]{64}: its leg on \S+ is committed, but its home has recorded no such decision/,
    ],
  ])('finds %s', async (_, spoil, finding) => {
    const { rig, accounts } = await busy();
    await rig.clock.pass(100);
    spoil(rig, accounts);
    const report = await audited(rig);
    expect(report.consistent).toBe(false);
    expect(report.differences.join('\n')).toMatch(finding);
  });

  /** What this replica says, changed. */
  function tampered(rig: Rig, rm: number, bucket: number, change: (findings: ReplicaFindings) => Partial<ReplicaFindings>): void {
    rig.cluster.tap = (asked, request) => {
      if (request.kind !== 'audit' || request.isEnding || request.bucket !== bucket || asked !== rm) return 'pass';
      const findings = rig.cluster.bucket(bucket).findings(asked, request);
      return findings === null ? 'pass' : { kind: 'audit', rows: 1, permille: 1_000, findings: { ...findings, ...change(findings) } };
    };
  }

  test('finds a replica whose rows differ at an equal index, and one that says something else of the moment', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    tampered(rig, 1, 2, ({ checksum }) => ({ checksum: { ...checksum, sha256: 'f'.repeat(64) } }));
    expect((await audited(rig)).differences).toEqual([expect.stringMatching(/^Bucket 2: RM \d and RM \d differ at an index: all rows at index \d+\.$/)]);
    tampered(rig, 3, 2, ({ moment }) => ({ moment: moment === null ? null : { ...moment, legs: moment.legs + 1, accountSum: 'f' } }));
    expect((await audited(rig)).differences).toEqual([expect.stringMatching(/^Bucket 2: RM \d and RM 3 differ at the moment: accounts, legs\.$/)]);
  });

  test('a replica that is away: no difference, and not consistent either, but incomplete, by name', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    rig.cluster.tap = (rm, request) => (request.kind === 'audit' && rm === 3 ? { kind: 'not-sent', reason: 'connection refused' } : 'pass');
    const report = await audited(rig);
    expect(report).toMatchObject({ differences: [], consistent: false });
    expect(report.incomplete).toContain('The replica of bucket 1 on RM 3 was not compared: connection refused.');
  });

  test('a replica at another index is compared as of the moment, and not by whole rows', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    const whole = await audited(rig);
    tampered(rig, 2, 1, ({ checksum }) => ({ checksum: { ...checksum, appliedIndex: checksum.appliedIndex - 1, sha256: 'f'.repeat(64) } }));
    const report = await audited(rig);
    expect(report).toMatchObject({ differences: [], incomplete: [], consistent: true });
    expect(whole.counts.map((count, at) => count - (report.counts[at] ?? 0))).toEqual([0, 0, 1, 0, 0, 0]);
  });

  describe('goes on from the last good one', () => {
    async function again(rig: Rig, isFull = false): Promise<AuditReport> {
      rig.cluster.sent.length = 0;
      const reply = await rig.clock.until(rig.audit(rig.caller(undefined, 60_000), { isFull }));
      if (!reply.ok) throw new Error(reply.error.message);
      return reply.value;
    }
    const froms = (rig: Rig): readonly (number | null)[] => [
      ...new Set(rig.cluster.sent.flatMap(({ request }) => (request.kind === 'audit' && !request.isEnding ? [request.from?.us ?? null] : []))),
    ];
    const texts = ({ checks }: AuditReport): string => checks.flatMap((check) => check.differences).join('\n');

    test('reads what came later, and says the same as one that reads everything', async () => {
      const { rig, accounts } = await busy();
      const first = await again(rig);
      expect([first.sinceUs, froms(rig)]).toEqual([null, [null]]);
      for (let i = 0; i < 5; i += 1) await rig.pay(rig.request(accounts[i]!, accounts[i + 1]!, 1n));
      rig.open(2, 7n, 'late');
      const later = await again(rig);
      expect(later).toMatchObject({ sinceUs: first.momentUs, consistent: true, incomplete: [] });
      expect(froms(rig)).toEqual([first.momentUs]);
      const full = await again(rig, true);
      expect([full.sinceUs, froms(rig), full.consistent]).toEqual([null, [null], true]);
      const counted = (report: AuditReport): readonly (readonly [string, number])[] =>
        report.checks.filter(({ name }) => !name.startsWith('journals')).map(({ name, count }) => [name, count]);
      expect(counted(later)).toEqual(counted(full));
    });

    test('what differs since is found, and named, because then everything is read', async () => {
      const { rig, accounts } = await busy();
      const first = await again(rig);
      await rig.pay(rig.request(accounts[0]!, accounts[1]!, 1n));
      const bucket = rig.cluster.bucket(1);
      const row = bucket.rows.account(accounts[0]!)!;
      bucket.rows.putAccount({ ...row, balanceMinor: row.balanceMinor + 1n });
      const report = await again(rig);
      expect(texts(report)).toMatch(new RegExp(`Account ${accounts[0]!}: its journal`));
      expect([report.sinceUs, froms(rig)]).toEqual([null, [first.momentUs, null]]);
      bucket.rows.putAccount(row);
      expect(await again(rig)).toMatchObject({ consistent: true, sinceUs: first.momentUs });
    });

    test('damage to what it had found good is seen where everything is read', async () => {
      const { rig } = await busy();
      await again(rig);
      await rig.clock.pass(100);
      const bucket = rig.cluster.bucket(3);
      const row = bucket.rows.sortedOutcomes().find((candidate) => candidate.decision.kind === 'committed')!;
      bucket.rows.putOutcome({ ...row, decision: { kind: 'aborted', atMs: 1, reason: { name: 'CANCELLED', account: null, facts: {} } } });
      expect((await again(rig)).consistent).toBe(true);
      expect(texts(await again(rig, true))).toContain(row.txn);
    });

    test('an incomplete one is not gone on from', async () => {
      const { rig } = await busy();
      await rig.clock.pass(100);
      rig.cluster.tap = (rm, request) => (request.kind === 'audit' && rm === 3 ? { kind: 'not-sent', reason: 'connection refused' } : 'pass');
      expect((await again(rig)).consistent).toBe(false);
      rig.cluster.tap = () => 'pass';
      expect(await again(rig)).toMatchObject({ sinceUs: null, consistent: true });
    });
  });

  test('no replica of a bucket is read: legs are not compared with decisions, which is said', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    rig.cluster.tap = (_, request) => (request.kind === 'audit' && request.bucket === 2 ? { kind: 'unavailable', reason: 'no store' } : 'pass');
    const report = await audited(rig);
    expect(report).toMatchObject({ differences: [], consistent: false });
    expect(report.incomplete).toContain('Legs were not compared with decisions, because no replica of bucket 2 was read.');
  });

  /** One replica that reads a row with each answer. */
  function slow(rig: Rig, rm: number, answerMs = 1_000): { rows: number; ended: number } {
    const reading = { rows: 0, ended: 0 };
    rig.cluster.lagMs = (request) => (request.kind === 'audit' && !request.isEnding ? answerMs : 0);
    rig.cluster.tap = (asked, request) => {
      if (request.kind !== 'audit' || asked !== rm || request.bucket !== 1) return 'pass';
      if (request.isEnding) reading.ended += 1;
      else reading.rows += 1;
      return reading.rows > 100 ? 'pass' : { kind: 'audit', rows: reading.rows, permille: reading.rows * 10, findings: null };
    };
    return reading;
  }

  test('without a deadline it takes as long as it takes, and says how far it has come', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    slow(rig, 2);
    const heard: number[] = [];
    const reply = await rig.clock.until(
      rig.audit(
        { ...rig.caller(), deadlineMs: Number.POSITIVE_INFINITY },
        { onProgress: ({ replicas }) => heard.push(replicas.find(({ bucket, rm }) => bucket === 1 && rm === 2)?.rows ?? 0) },
      ),
    );
    expect(reply).toMatchObject({ ok: true, value: { consistent: true } });
    expect(heard.length).toBeGreaterThan(90);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
  });

  test('cut off by its deadline: incomplete, with what was not compared', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    const reading = slow(rig, 2, 100);
    const startedMs = rig.clock.monotonicMs();
    const reply = await rig.clock.until(rig.audit(rig.caller(undefined, 8_000)));
    // A tenth and more of its time is left for the report to get out of a busy process.
    expect(rig.clock.monotonicMs() - startedMs).toBeLessThanOrEqual(7_000);
    const incomplete = ['The replica of bucket 1 on RM 2 was not compared: the time for the audit was over.'];
    expect(reply).toMatchObject({ ok: true, value: { consistent: false, incomplete } });
    expect(reply.ok && reply.value.checks.flatMap((check) => check.differences)).toEqual([]);
    await rig.clock.pass(10);
    expect(reading.ended).toBe(1);
  });

  test('whoever asked is gone: replicas are told to end', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    const reading = slow(rig, 2);
    const gone = new AbortController();
    rig.clock.schedule(5_000, () => gone.abort());
    const startedMs = rig.clock.monotonicMs();
    await rig.clock.until(rig.audit({ ...rig.caller(), deadlineMs: Number.POSITIVE_INFINITY }, { signal: gone.signal }));
    expect(rig.clock.monotonicMs() - startedMs).toBeLessThan(8_000);
    await rig.clock.pass(10);
    expect(reading.ended).toBe(1);
  });

  test('a replica that reads no further, and one that begins again and again, are given up', async () => {
    const { rig } = await busy();
    await rig.clock.pass(100);
    let asked = 0;
    rig.cluster.lagMs = (request) => (request.kind === 'audit' ? 1_000 : 0);
    rig.cluster.tap = (rm, request) => {
      if (request.kind !== 'audit' || request.bucket !== 1 || rm === 1) return 'pass';
      asked += 1;
      return { kind: 'audit', rows: rm === 2 ? 7 : asked % 3, permille: 1, findings: null };
    };
    const reply = await rig.clock.until(rig.audit({ ...rig.caller(), deadlineMs: Number.POSITIVE_INFINITY }));
    expect(reply.ok && reply.value.incomplete).toEqual([
      expect.stringMatching(/bucket 1 on RM 2 was not compared: it has read no row for 9\d s/),
      expect.stringMatching(/bucket 1 on RM 3 was not compared: it began 6 times/),
    ]);
  });

  test('an unreachable bucket makes it fail, not pass', async () => {
    const { rig } = await busy();
    rig.cluster.silent.add(bucketId(3));
    expect(await rig.clock.until(rig.audit(rig.caller(undefined, 3_000)))).toMatchObject({ ok: false, error: { kind: 'unavailable' } });
  });
});

describe('in doubt', () => {
  async function stuck(): Promise<{ readonly rig: Rig; readonly from: AccountNumber; readonly to: AccountNumber; readonly id: string }> {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    rig.cluster.tap = (_, request) => (request.kind === 'instructions' && request.phase !== 'phase-1' ? 'lose-request' : 'pass');
    const request = rig.request(from, to, 10n);
    expect(verdict(await rig.pay(request, rig.caller(undefined, 3_000)))).toBe('unknown');
    await rig.clock.pass(30_000);
    rig.cluster.tap = () => 'pass';
    return { rig, from, to, id: request.id };
  }

  test('listed with age and what the home says; forcing obeys the home', async () => {
    const { rig, from, to, id } = await stuck();
    const listed = await rig.clock.until(rig.coordinator.undecided(rig.caller()));
    if (!listed.ok) throw new Error(listed.error.message);
    expect(listed.value).toMatchObject({
      transactions: [{ bucket: 2, home: expect.stringMatching(/Home bucket 1 has recorded nothing/), transaction: { leg: { account: to } } }],
      silent: [],
    });
    const { txn } = listed.value.transactions[0]!.transaction;
    expect(verdict(await rig.clock.until(rig.coordinator.resolve(rig.caller(), txn, to)))).toBe('aborted ABANDONED');
    await rig.clock.pass(100);
    expect(rig.leftovers()).toEqual([]);
    expect(rig.cluster.bucket(1).rows.outcome(paymentKey('mas|ops', id))?.subject).toEqual({ kind: 'operator', name: 'mas|ops' });
    expect(rig.balance(from)).toBe(100n);
    expect(verdict(await rig.clock.until(rig.coordinator.resolve(rig.caller(), txn, to)))).toBe('aborted ABANDONED');
  });

  test('what was committed in the meantime stays committed', async () => {
    const { rig, to, id } = await stuck();
    const leg = [...rig.cluster.bucket(2).ledger.preparedLegs()][0]!;
    const decided = rig.cluster.run(leg.homeSlot, {
      kind: 'decide-commit',
      txn: leg.txn,
      key: leg.key,
      homeSlot: leg.homeSlot,
      body: leg.body!,
      remotePrepared: [to],
      notBeforeUs: leg.preparedUs,
      subject: { kind: 'operator', name: 'mas|ops' },
      lockTokens: [],
      undecided: [],
    });
    expect(decided.kind).toBe('decided');
    expect(verdict(await rig.clock.until(rig.coordinator.resolve(rig.caller(), leg.txn, to)))).toBe('committed');
    await rig.clock.pass(100);
    expect([rig.leftovers(), rig.balance(to)]).toEqual([[], 10n]);
    // The record says who asked, and the trace shows it, though Redis calls the payment ended.
    const traced = await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id }));
    expect(traced).toMatchObject({ ok: true, value: { state: 'COMMITTED', outcome: { forced: [{ operator: 'mas|ops', txn: leg.txn }] } } });
    expect(traced.ok && traced.value.timeline.filter((step) => step.step === 'forced').map((step) => step.detail)).toEqual(['RESOLVE by mas|ops']);
  });

  test.each([20_000, 2_000])('listed in time, %s ms, while a home and a third bucket do not answer', async (timeoutMs) => {
    const { rig, to } = await stuck();
    rig.cluster.silent.add(bucketId(1)).add(bucketId(3));
    const caller = rig.caller(undefined, timeoutMs);
    const listed = await rig.clock.until(rig.coordinator.undecided(caller));
    const home = 'Home bucket 1 does not answer; the leg waits for its majority.';
    expect(listed).toMatchObject({ ok: true, value: { transactions: [{ bucket: 2, home, transaction: { leg: { account: to } } }], silent: [1, 3] } });
    expect(caller.deadlineMs - rig.clock.monotonicMs()).toBeGreaterThan(0);
  });

  test('an unknown transaction', async () => {
    const rig = new Rig();
    const account = rig.open(1, 1n);
    expect(verdict(await rig.clock.until(rig.coordinator.resolve(rig.caller(), 'a'.repeat(64) as never, account)))).toBe('error PAYMENT_NOT_FOUND');
  });
});

test('every wrong setting is named, not only the first', () => {
  const config = coordinatorConfig({
    coordinatorId: 'has space',
    accountLock: 'both' as never,
    lockAttempts: 0,
    batchCap: 1e9,
    retryBackoffMinMs: 500,
    retryBackoffMaxMs: 100,
    redisSilenceMs: Number.NaN,
    orphanAgeMs: 5_000,
  });
  expect(config.ok ? [] : config.error.map((problem) => problem.setting)).toEqual([
    'coordinatorId',
    'accountLock',
    'lockAttempts',
    'redisSilenceMs',
    'batchCap',
    'retryBackoffMaxMs',
    'orphanAgeMs',
  ]);
  expect(coordinatorConfig({ coordinatorId: 'tc-1' })).toMatchObject({
    ok: true,
    value: { lockAttempts: 10, lockAttemptDelayMs: 1_000, lockTimeoutMs: 5_000, redisSilenceMs: 20, accountLock: 'shared' },
  });
});

test('the status says how its coordinator has answered payments: outcomes, reasons of aborts, and how long it took', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  for (const amountMinor of [10n, 20n, 1_000n]) await rig.clock.until(rig.coordinator.createPayment(rig.caller(), rig.request(from, to, amountMinor)));
  await rig.clock.until(delay(rig.clock, 50));
  const status = await rig.clock.until(rig.coordinator.clusterStatus(rig.caller()));
  if (!status.ok) throw new Error(status.error.message);
  const { coordinator } = status.value;
  expect(coordinator).toMatchObject({ paymentsInFlight: 0, committed: 2, aborted: [{ reason: 'INSUFFICIENT_FUNDS', count: 1 }], unknown: 0, refused: 0 });
  expect(coordinator.uptimeMs).toBeGreaterThanOrEqual(50);
  expect(coordinator.latency.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  // Two rounds of a millisecond each: none is as quick as one.
  expect(coordinator.latency[0]).toEqual({ upToMs: 1, count: 0 });
  expect(coordinator.latency.at(-1)).toEqual({ upToMs: null, count: 0 });
});
