/** A CoordinatorService that remembers its calls and answers what a test tells it to. Test support only. */
import { PaymentBody } from '@mas/ledger';
import { incarnation, ordinal } from '@mas/membership';
import type { AuditWatch, BackupWatch, CoordinatorService, PaymentResult, Reply } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, currency, paymentKey, rmId, slot, txnId } from '@mas/values';

export const TXN = txnId('ab'.repeat(32));
const USD = currency('USD');

export const committed: PaymentResult = {
  kind: 'committed',
  txn: TXN,
  atMs: 5,
  body: PaymentBody.of({
    kind: 'payment',
    legs: [
      { account: accountNumber('a'), effect: 'debit', amountMinor: 250n, currency: USD },
      { account: accountNumber('b'), effect: 'credit', amountMinor: 250n, currency: USD },
    ],
    reference: null,
    expiresAtMs: null,
    memo: 'm',
  }),
  balances: [{ account: accountNumber('a'), balanceMinor: -7n }],
};

export const fakeAccount = (number: string) => ({
  number,
  currency: USD,
  status: 'open' as const,
  owner: 'Ödön',
  balanceMinor: 1250n,
  minimumMinor: 0n,
  holdsMinor: null,
  pendingCreditsMinor: null,
  level: 'committed' as const,
  ageMs: null,
  momentUs: 1_700_000_000_000_001,
  rev: 3,
  createdAtMs: 4,
  bucket: bucketId(2),
  leader: rmId(1),
});

export interface FakeCoordinator {
  readonly service: CoordinatorService;
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[];
  /** Answers of the next calls, by method; without one, a plausible default. */
  readonly answers: Map<string, () => Promise<Reply<unknown>>>;
}

export function fakeCoordinator(): FakeCoordinator {
  const calls: FakeCoordinator['calls'] = [];
  const answers: FakeCoordinator['answers'] = new Map();
  const defaults: Record<string, (...args: never[]) => unknown> = {
    createAccount: (_caller: unknown, request: { number: string }) => ({ account: fakeAccount(request.number), created: true }),
    getAccounts: (_caller: unknown, numbers: readonly string[]) => numbers.map(fakeAccount),
    listAccounts: () => ({ accounts: [fakeAccount('a')], nextCursor: 'next' }),
    changeAccount: (_caller: unknown, request: { number: string }) => fakeAccount(request.number),
    createPayment: () => committed,
    createPayments: (_caller: unknown, requests: readonly unknown[]) => requests.map(() => ({ ok: true, value: committed })),
    getPayment: () => ({
      id: 'p',
      scope: 'mas|ops',
      txn: TXN,
      state: 'COMMITTED',
      body: null,
      reason: null,
      createdAtMs: 1,
      endedAtMs: null,
      commitUs: 5_007,
      timeline: [
        { atMs: 1, step: 'received', bucket: null, detail: null },
        { atMs: 2, step: 'prepared', bucket: bucketId(2), detail: 'x' },
      ],
      outcome: {
        slot: slot(9),
        key: paymentKey('mas|ops', 'p'),
        txn: TXN,
        body: 'body' in committed ? committed.body : null,
        subject: { kind: 'system' },
        decision: { kind: 'committed', atMs: 5, commitUs: 5_007 },
        balances: [],
        untold: [{ account: accountNumber('b') }],
        forced: [],
      },
    }),
    listPayments: () => ({ legs: [], nextCursor: null }),
    audit: (_caller: unknown, { isFull, onProgress }: AuditWatch) => {
      onProgress({ momentUs: 7, replicas: [{ bucket: bucketId(1), rm: rmId(1), rows: 30, permille: 500 }], waitsFor: '' });
      return {
        momentUs: 7,
        sinceUs: isFull ? null : 3,
        checks: [{ name: 'journals', count: 12, differences: ['one'] }],
        totals: [{ currency: USD, issuedMinor: 2n ** 64n, balancesMinor: 5n }],
        checksums: [{ bucket: bucketId(1), rm: rmId(1), appliedIndex: 9, sha256: 'ab', differences: [], accounts: 1, legs: 2 }],
        incomplete: ['one was away'],
        consistent: false,
      };
    },
    backup: async (_caller: unknown, { onProgress, onBegin, onPiece }: BackupWatch) => {
      const bucket = bucketId(1);
      onProgress({ momentUs: 7, replicas: [{ bucket, rm: rmId(2), rows: 30, isReady: true }] });
      const taken = { momentUs: 7, clusterId: 'ab', buckets: [{ bucket, rm: rmId(2), rows: 30, bytes: 5 }] };
      await onBegin(taken);
      for (const piece of ['abc', 'de']) await onPiece(bucket, Buffer.from(piece));
      return taken;
    },
    undecided: () => ({
      transactions: [],
      payments: [{ id: 'p', scope: 'mas|ops', txn: TXN, coordinator: 'tm-1', homeBucket: bucketId(3), ageMs: 7, home: 'It does not answer.' }],
      silent: [bucketId(3)],
    }),
    resolve: () => ({ kind: 'unknown', txn: TXN, message: 'ask again' }),
    orderNodes: () => ({
      placement: { version: 4, resourceManagers: [], buckets: [], cluster: null },
      steps: [{ bucket: bucketId(2), remove: rmId(1), add: rmId(4), why: 'balance' }],
      slots: [{ slots: { from: slot(7), to: slot(9) }, from: bucketId(1), to: bucketId(2) }],
      estimate: { accounts: 1, rows: 20, tookMs: 5 },
    }),
    replaceNode: () => ({ rm: rmId(3), incarnation: incarnation('3'.repeat(32)), ordinal: ordinal(0), isLost: true }),
    clusterStatus: () => ({
      placement: {
        version: 1,
        resourceManagers: [{ rm: rmId(1), address: 'localhost:1' }],
        buckets: [{ bucket: bucketId(1), slots: [{ from: slot(0), to: slot(4095) }], replicas: [rmId(1)] }],
        cluster: null,
      },
      replicas: [],
      unreachable: [rmId(3)],
      nodes: [{ rm: rmId(1), condition: { kind: 'ailing', of: ['store'] }, certificatesEndMs: 1_900_000_000_000 }],
      coordinator: {
        id: 'tc-1',
        uptimeMs: 9,
        paymentsInFlight: 1,
        committed: 4,
        aborted: [{ reason: 'INSUFFICIENT_FUNDS', count: 2 }],
        unknown: 0,
        refused: 3,
        latency: [
          { upToMs: 1, count: 0 },
          { upToMs: null, count: 6 },
        ],
        certificatesEndMs: null,
      },
    }),
  };
  const service = new Proxy(
    {},
    {
      get:
        (_target, method: string) =>
        async (...args: never[]) => {
          calls.push({ method, args });
          const told = answers.get(method);
          if (told !== undefined) return told();
          const value = defaults[method]?.(...args);
          return method === 'createPayments' ? value : { ok: true, value };
        },
    },
  ) as CoordinatorService;
  return { service, calls, answers };
}
