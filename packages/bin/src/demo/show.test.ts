/** `npm start` is started many times on the same accounts: its payment must always find the money. */
import { choosePayment } from './show';

test('a hundred starts, and money for each', () => {
  const balances = new Map([['alice', 100_000n], ['carol', 100_000n], ['erin', 100_000n]]);
  for (let start = 1; start <= 100; start += 1) {
    const { sender, receiver, paidMinor } = choosePayment([...balances].map(([number, balanceMinor]) => ({ number: number as never, balanceMinor: balanceMinor as never })));
    expect(sender).not.toBe(receiver);
    expect(paidMinor).toBeGreaterThan(0n);
    expect(paidMinor).toBeLessThanOrEqual(balances.get(sender) ?? 0n);
    balances.set(sender, (balances.get(sender) ?? 0n) - paidMinor);
    balances.set(receiver, (balances.get(receiver) ?? 0n) + paidMinor);
  }
  expect([...balances.values()].reduce((sum, one) => sum + one, 0n)).toBe(300_000n);
});
