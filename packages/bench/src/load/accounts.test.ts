/** A ledger that grows gets the accounts that it does not have yet, each once. */
import { expect, it } from '@jest/globals';
import { createAccounts, type AccountMaker } from './accounts';

it('makes what is missing between two sizes', async () => {
  const made: string[] = [];
  const client: AccountMaker = {
    createAccount: ({ number }) => {
      made.push(number);
      return Promise.resolve({} as Awaited<ReturnType<AccountMaker['createAccount']>>);
    },
  };
  const small = await createAccounts(client, 0, 300, () => undefined);
  const more = await createAccounts(client, 300, 1_000, () => undefined);
  expect(more).toHaveLength(700);
  expect(new Set(made).size).toBe(1_000);
  expect(made).toHaveLength(1_000);
  expect([...small, ...more].sort()).toEqual([...made].sort());
});
