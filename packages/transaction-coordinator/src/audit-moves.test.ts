/** Audits while slots move (docs/adr/0033): every slot is counted once, whichever of its two buckets has it at the moment, and whichever when it is read. */
import { slotOfAccount } from '@mas/placement';
import type { ParticipantRequest } from '@mas/two-phase-commit';
import { present, type AccountNumber } from '@mas/values';
import type { AuditProgress, AuditReport } from './coordinator-service';
import { Rig } from './testing/rig';

const OPENING = 100n;

/** Payments between all three buckets have come and gone; one is prepared and not decided. */
async function busy(): Promise<{ readonly rig: Rig; readonly accounts: readonly AccountNumber[] }> {
  const rig = new Rig();
  const accounts = Array.from({ length: 6 }, (_, i) => rig.open(1 + (i % 3), OPENING, `u${i}`));
  for (let i = 0; i < 30; i += 1) await pay(rig, accounts, i);
  rig.cluster.resolveAll();
  return { rig, accounts };
}

function pay(rig: Rig, accounts: readonly AccountNumber[], i: number): Promise<unknown> {
  return rig.pay(rig.request(present(accounts[i % 6], 'payer'), present(accounts[(i * 5 + 1) % 6], 'payee'), BigInt(1 + (i % 3))));
}

async function audited(rig: Rig, isFull = true, timeoutMs = 60_000, heard: AuditProgress[] = []): Promise<AuditReport> {
  const reply = await rig.clock.until(rig.audit(rig.caller(undefined, timeoutMs), { isFull, onProgress: (progress) => heard.push(progress) }));
  if (!reply.ok) throw new Error(`${reply.error.reason}: ${reply.error.message}`);
  return reply.value;
}

function isSound(report: AuditReport, accounts = 6): void {
  expect(report.checks.flatMap(({ differences }) => differences)).toEqual([]);
  expect(report).toMatchObject({ incomplete: [], consistent: true });
  expect(report.totals).toEqual([{ currency: 'USD', issuedMinor: OPENING * BigInt(accounts), balancesMinor: OPENING * BigInt(accounts) }]);
  expect(report.checks[0]?.count).toBe(accounts);
}

const asksForRows = (request: ParticipantRequest): boolean => request.kind === 'audit' && !request.isEnding;

describe.each([
  ['a payer and home', 0],
  ['a payee', 1],
] as const)('while the slot of %s moves', (_, which) => {
  test('nobody owns it: who gives it away counts it', async () => {
    const { rig, accounts } = await busy();
    rig.cluster.departing(slotOfAccount(present(accounts[which], 'account')), 3, 1);
    isSound(await audited(rig));
  });

  test('both count it: another moment is chosen, and why is said', async () => {
    const { rig, accounts } = await busy();
    const confirm = rig.cluster.departing(slotOfAccount(present(accounts[which], 'account')), 3, 1)();
    rig.clock.schedule(5_000, confirm);
    const heard: AuditProgress[] = [];
    const startedMs = rig.clock.monotonicMs();
    isSound(await audited(rig, true, 60_000, heard));
    expect(rig.clock.monotonicMs() - startedMs).toBeGreaterThan(5_000);
    expect(heard[0]?.waitsFor).toBe('1 slots are just changing hands: 0 are counted by no bucket and 1 by two; a later moment is chosen.');
  });

  test('it has gone since the moment, before it was read: it is read where it is', async () => {
    const { rig, accounts } = await busy();
    const moved = slotOfAccount(present(accounts[which], 'account'));
    const arrive = rig.cluster.depart(moved, 3, 1);
    let isThere = false;
    rig.cluster.tap = (_rm, request) => {
      if (!isThere && asksForRows(request)) {
        isThere = true;
        arrive();
      }
      return 'pass';
    };
    isSound(await audited(rig));
    const asked = rig.cluster.requests.flatMap((request) => (request.kind === 'audit' && !request.isEnding ? [request] : []));
    expect(asked.filter(({ bucket, slots }) => bucket === 3 && JSON.stringify(slots) === JSON.stringify([{ from: moved, to: moved }])).length).toBeGreaterThan(
      0,
    );
  });

  test('what is lost on the way is found, and named', async () => {
    const { rig, accounts } = await busy();
    const account = present(accounts[which], 'account');
    const arrive = rig.cluster.depart(slotOfAccount(account), 3, 1);
    let isThere = false;
    rig.cluster.tap = (_rm, request) => {
      if (!isThere && asksForRows(request)) {
        isThere = true;
        arrive();
        const { rows } = rig.cluster.bucket(3);
        const lost = present(
          rows.sortedLegs().find((leg) => leg.account === account && leg.state === 'committed'),
          'leg',
        );
        rows.legs.get(account)?.delete(lost.txn);
      }
      return 'pass';
    };
    const report = await audited(rig);
    expect(report.consistent).toBe(false);
    expect(report.checks.flatMap(({ differences }) => differences).join('\n')).toMatch(
      new RegExp(`Payment [0-9a-f]{64} is committed, but account ${account} has no committed leg of it`),
    );
  });
});

test('a slot that goes on and on is followed', async () => {
  const { rig, accounts } = await busy();
  const moved = slotOfAccount(present(accounts[0], 'account'));
  const targets = [3, 2, 1, 3];
  let move = 0;
  rig.cluster.tap = (_rm, request) => {
    const to = targets[move];
    // Each bucket is left in turn, just before it is read.
    if (to !== undefined && asksForRows(request) && 'bucket' in request && rig.cluster.at(moved).id === request.bucket && to !== request.bucket) {
      move += 1;
      rig.cluster.depart(moved, to, move)();
    }
    return 'pass';
  };
  isSound(await audited(rig));
  expect(move).toBe(targets.length);
});

test('a slot that its owner of before counts for ever: an end by name, and no difference', async () => {
  const { rig, accounts } = await busy();
  rig.cluster.departing(slotOfAccount(present(accounts[0], 'account')), 3, 1)();
  await expect(audited(rig, true, 120_000)).rejects.toThrow(/^SLOTS_BETWEEN_OWNERS: 1 slots/);
  await expect(audited(rig, true, 5_000)).rejects.toThrow(/^SLOTS_BETWEEN_OWNERS: 1 slots/);
});

test('an audit that goes on from the last good one reads all of the buckets that slots have left or come to, and of the others what came later', async () => {
  const { rig, accounts } = await busy();
  const first = await audited(rig, false);
  const froms = (): readonly unknown[] => {
    const asked = rig.cluster.sent.splice(0).flatMap(({ request }) => (request.kind === 'audit' && !request.isEnding ? [request] : []));
    return [...new Map(asked.map(({ bucket, from }) => [bucket, [bucket, from?.us ?? null]])).values()];
  };
  froms();
  // There and back: the same slots, whose rows may be older by another bucket's time.
  const slot = slotOfAccount(present(accounts[0], 'account'));
  rig.cluster.depart(slot, 3, 1)();
  await pay(rig, accounts, 0);
  rig.cluster.depart(slot, 1, 2)();
  await pay(rig, accounts, 0);
  const second = await audited(rig, false);
  isSound(second);
  expect(second.sinceUs).toBe(first.momentUs);
  expect(froms()).toEqual([
    [1, null],
    [2, first.momentUs],
    [3, null],
  ]);
  await pay(rig, accounts, 1);
  const third = await audited(rig, false);
  isSound(third);
  expect(froms()).toEqual([1, 2, 3].map((bucket) => [bucket, second.momentUs]));
  isSound(await audited(rig, true));
});
