/** The accounts of a load, made through the client as anybody makes them. */
import type { MasClient } from '@mas/client';

export const OPENING_MINOR = 1_000_000_000n;
const CONCURRENCY = 128;

export type AccountMaker = Pick<MasClient, 'createAccount'>;

/** Numbers `from` to `until` of a run: a ledger grows by asking for more. */
export async function createAccounts(client: AccountMaker, from: number, until: number, onProgress: (fraction: number) => void): Promise<readonly string[]> {
  const numbers = Array.from({ length: until - from }, (_, at) => `bench-${from + at}`);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let number = numbers[next++]; number !== undefined; number = numbers[next++]) {
      await client.createAccount({ id: `create-${number}`, number, openingBalance: { minor: OPENING_MINOR } });
      onProgress(next / numbers.length);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return numbers;
}
