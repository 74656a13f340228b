/** The auditor must be able to say no: each kind of wrong that a cluster could do is done to a ledger on paper, and found. */
import type { LegRow } from '@mas/ledger';
import { Auditor, type AuditedClient } from './auditor';
import { Books } from './books';

type Leg = { -readonly [Field in 'key' | 'seq' | 'state']: LegRow[Field] } & { journal: { seq: number; balanceAfterMinor: bigint } | null };

/** Alice pays Bob 10 of her 100; what the cluster says of it can be falsified. */
class PaperCluster {
  readonly balances = new Map([
    ['alice', 90n],
    ['bob', 110n],
  ]);
  holdsMinor = 0n;
  consistent = true;
  readonly legs = new Map<string, Leg[]>([
    ['alice', [{ key: 'mas|tester\0p1' as LegRow['key'], seq: 1, state: 'committed', journal: { seq: 1, balanceAfterMinor: 90n } }]],
    ['bob', [{ key: 'mas|tester\0p1' as LegRow['key'], seq: 1, state: 'committed', journal: { seq: 1, balanceAfterMinor: 110n } }]],
  ]);

  client(): AuditedClient {
    const view = (number: string): object => ({ number, balanceMinor: this.balances.get(number), holdsMinor: this.holdsMinor, pendingCreditsMinor: 0n });
    return {
      getAccount: (number: string) => Promise.resolve(view(number)),
      getAccounts: (numbers: readonly string[]) => Promise.resolve(numbers.map(view)),
      listPayments: ({ account }: { readonly account: string }) => Promise.resolve({ legs: [...(this.legs.get(account) ?? [])].reverse(), nextCursor: null }),
      undecided: () => Promise.resolve({ transactions: [], payments: [], silent: [] }),
      audit: () =>
        Promise.resolve({
          consistent: this.consistent,
          incomplete: [],
          checks: [{ name: 'own', count: 1, differences: this.consistent ? [] : ['a replica differs'] }],
        }),
    } as unknown as AuditedClient;
  }
}

async function findings(falsify: (cluster: PaperCluster, books: Books) => void): Promise<readonly string[]> {
  const cluster = new PaperCluster();
  const books = new Books();
  books.opened('alice', 100n);
  books.opened('bob', 100n);
  books.answered(books.asked({ id: 'p1', from: 'alice', to: 'bob', amount: { minor: 10n } }), 'committed', null);
  falsify(cluster, books);
  return (await new Auditor(cluster.client(), { createPayment: () => Promise.reject(new Error('nothing is open here')) }, books, () => '').audit()).findings;
}

test('a right ledger is found right', async () => {
  expect(await findings(() => undefined)).toEqual([]);
});

test.each<[string, RegExp, (cluster: PaperCluster, books: Books) => void]>([
  ['money lost', /balance of bob is 109 instead of 110/, ({ balances }) => balances.set('bob', 109n)],
  ['a hold left over', /holds of alice is 1/, (cluster) => (cluster.holdsMinor = 1n)],
  ['an acknowledged payment lost on one side', /committed legs of p1, answered committed is alice instead of alice,bob/, ({ legs }) => legs.set('bob', [])],
  [
    'applied twice',
    /p1 is applied twice on bob/,
    ({ legs }) => legs.get('bob')?.push({ ...(legs.get('bob')?.[0] as Leg), seq: 2, journal: { seq: 2, balanceAfterMinor: 120n } }),
  ],
  [
    'committed although answered aborted',
    /state of p2 on alice is committed instead of aborted/,
    ({ legs }, books) => {
      books.answered(books.asked({ id: 'p2', from: 'alice', to: 'bob', amount: { minor: 5n } }), 'aborted', 'INSUFFICIENT_FUNDS');
      legs.get('alice')?.push({ key: 'mas|tester\0p2' as LegRow['key'], seq: 2, state: 'committed', journal: { seq: 2, balanceAfterMinor: 85n } });
    },
  ],
  [
    'a payment that nobody asked for',
    /lists payment stranger/,
    ({ legs }) => legs.get('bob')?.push({ key: 'mas|tester\0stranger' as LegRow['key'], seq: 2, state: 'aborted', journal: null }),
  ],
  [
    'money moved that was only to be reserved',
    /payment p2 moved money of account alice, which it may only reserve/,
    ({ legs }, books) => {
      books.answered(books.asked({ id: 'p2', kind: 'authorization', from: 'alice', amount: { minor: 5n } }, [], ['alice']), 'committed', null);
      legs.get('alice')?.push({ key: 'mas|tester\0p2' as LegRow['key'], seq: 2, state: 'committed', journal: { seq: 2, balanceAfterMinor: 85n } });
    },
  ],
  [
    'a capture that is lost on one side',
    /committed legs of p3, answered committed is alice instead of alice,bob/,
    ({ legs, balances }, books) => {
      const moves = [
        { account: 'alice', deltaMinor: -5n },
        { account: 'bob', deltaMinor: 5n },
      ];
      books.answered(books.asked({ id: 'p3', kind: 'capture', referenceId: 'p2', to: 'bob', amount: { minor: 5n } }, moves), 'committed', null);
      legs.get('alice')?.push({ key: 'mas|tester\0p3' as LegRow['key'], seq: 3, state: 'committed', journal: { seq: 2, balanceAfterMinor: 85n } });
      balances.set('alice', 85n).set('bob', 115n);
    },
  ],
  ['a leg left prepared', /state of p1 on bob is prepared/, ({ legs }) => ((legs.get('bob') as [Leg])[0].state = 'prepared')],
  [
    'a running balance that does not add up',
    /last running balance of alice is 91 instead of 90/,
    ({ legs }) => ((legs.get('alice') as [Leg])[0].journal = { seq: 1, balanceAfterMinor: 91n }),
  ],
  [
    'an answer that changed',
    /was answered committed and later aborted/,
    (_, books) => {
      const entry = books.entry('p1');
      if (entry !== undefined) books.answered(entry, 'aborted', 'ABANDONED');
    },
  ],
])('%s', async (_, text, falsify) => {
  expect((await findings(falsify)).join('\n')).toMatch(text);
});
