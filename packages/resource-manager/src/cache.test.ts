/**
 * What happens to be in memory never changes an outcome: the same instructions give the same answers with a cache of
 * one row as with one that never forgets, and the same rows with the filter's memory full as with none.
 */
import fc from 'fast-check';
import type { AccountNumber } from '@mas/values';
import { BUCKET_1, RM_1, TestCluster } from './testing/cluster';
import { accountsIn, authorization, commitLeg, createAccount, decideAbort, decideCommit, payment, prepare, type Payment } from './testing/payments';
import type { InstructionItem } from '@mas/two-phase-commit';

const ACCOUNTS = accountsIn(0, 4095, 6);
const [FIRST] = ACCOUNTS as [AccountNumber];

interface Step {
  readonly kind: 'pay' | 'prepare' | 'commit' | 'abort' | 'create' | 'authorize' | 'rest';
  readonly id: number;
  readonly amount: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('pay', 'prepare', 'commit', 'abort', 'create', 'authorize', 'rest'),
  id: fc.nat(7),
  amount: fc.integer({ min: 1, max: 400 }),
});

/** Few ids, so that many are repeated, with the same body and with another one. */
function itemOf(step: Step): InstructionItem | null {
  const from = ACCOUNTS[step.id % 5] ?? FIRST;
  const to = ACCOUNTS[(step.id % 5) + 1] ?? FIRST;
  if (step.kind === 'rest') return null;
  if (step.kind === 'create') return createAccount(to, 500n);
  if (step.kind === 'authorize') return decideCommit(authorization(`auth-${step.id}`, from, BigInt(step.amount), 1_700_000_100_000), []);
  const p: Payment = payment(`pay-${step.id}`, from, to, step.amount % 7 === 0 ? 2n : 1n);
  if (step.kind === 'pay') return decideCommit(p, []);
  if (step.kind === 'prepare') return prepare(p, to);
  return step.kind === 'commit' ? commitLeg(p, to) : decideAbort(p);
}

async function outcomesOf(
  steps: readonly Step[],
  config: { readonly cachedAccounts: number; readonly cachedLegs: number; readonly cachedOutcomes: number; readonly filteredIdentities: number },
) {
  // Resolution would depend on how long a step takes, which is not what is compared.
  const cluster = await new TestCluster({ config: { ...config, resolveAfterMs: 1_000_000, deliverAfterMs: 900_000 } }).start();
  await cluster.instruct(
    BUCKET_1,
    ACCOUNTS.slice(0, 4).map((account) => createAccount(account, 500n)),
  );
  const outcomes: unknown[] = [];
  for (const one of steps) {
    const item = itemOf(one);
    if (item === null) await cluster.clock.advance(300);
    else outcomes.push(await cluster.one(BUCKET_1, item));
  }
  const { sha256, differences } = await cluster.checksum(RM_1, BUCKET_1);
  expect(differences).toEqual([]);
  expect(cluster.fatal).toEqual([]);
  return {
    outcomes: outcomes.map(withoutTime),
    sha256: sha256.length,
    loads: cluster.database(RM_1).loads,
    balances: await Promise.all(ACCOUNTS.slice(0, 4).map((account) => cluster.balance(account, 'uncommitted'))),
  };
}

/** A repeated COMMIT may be answered without an entry, so log indexes and the moments behind it are not part of the comparison. */
function withoutTime(outcome: unknown): unknown {
  return JSON.parse(
    JSON.stringify(outcome, (key, value: unknown) =>
      COUNTED.includes(key) && value !== null ? 'counted' : typeof value === 'bigint' ? value.toString() : value,
    ),
  );
}

const COUNTED = ['seq', 'lastSeq', 'createdUs', 'preparedUs', 'commitUs'];

test('a cache of one row and one that never forgets give the same outcomes and balances', async () => {
  let loads = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 60, size: 'max' }), async (steps) => {
      const small = await outcomesOf(steps, { cachedAccounts: 1, cachedLegs: 1, cachedOutcomes: 1, filteredIdentities: 1 });
      const large = await outcomesOf(steps, { cachedAccounts: 1e6, cachedLegs: 1e6, cachedOutcomes: 1e6, filteredIdentities: 1e6 });
      expect(small.outcomes).toEqual(large.outcomes);
      expect(small.balances).toEqual(large.balances);
      loads += small.loads - large.loads;
    }),
    { numRuns: 10, seed: 42 },
  );
  // Otherwise the small cache was never too small and nothing has been compared.
  expect(loads).toBeGreaterThan(20);
});

test('a payment between known accounts asks SQL nothing', async () => {
  const cluster = await new TestCluster().start();
  const [from, to] = ACCOUNTS as [AccountNumber, AccountNumber];
  await cluster.instruct(BUCKET_1, [createAccount(from, 500n), createAccount(to, 500n)]);
  await cluster.clock.advance(1_000);
  const loadsBefore = cluster.database(RM_1).loads;
  for (let i = 0; i < 20; i += 1) await cluster.one(BUCKET_1, decideCommit(payment(`fresh-${i}`, from, to, 1n), []));
  expect(cluster.database(RM_1).loads).toBe(loadsBefore);
});
