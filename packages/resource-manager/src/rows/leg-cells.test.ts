/** The list of a transaction's legs behaves as a map of pairs, whatever is put and removed in whatever order. */
import type { LegAddress } from '@mas/ledger';
import type { AccountNumber, TxnId } from '@mas/values';
import fc from 'fast-check';
import { LegCells } from './leg-cells';

interface Valued {
  readonly key: LegAddress;
  readonly value: number;
  next: Valued | null;
}

const address = (account: number, txn: number): LegAddress => ({ account: `a${account}` as AccountNumber, txn: `t${txn}` as TxnId });

test('is the same as a map by the joined key', () => {
  const step = fc.record({ kind: fc.constantFrom('set', 'delete'), account: fc.nat(4), txn: fc.nat(2), value: fc.nat(100) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cells = new LegCells<Valued>();
      const model = new Map<string, number>();
      for (const { kind, account, txn, value } of steps) {
        if (kind === 'set') {
          cells.set(address(account, txn), { key: address(account, txn), value, next: null });
          model.set(`${account}/${txn}`, value);
        } else {
          cells.delete(address(account, txn));
          model.delete(`${account}/${txn}`);
        }
        expect(cells.size).toBe(model.size);
        for (let a = 0; a <= 4; a += 1) {
          for (let t = 0; t <= 2; t += 1) expect(cells.get(address(a, t))?.value).toBe(model.get(`${a}/${t}`));
        }
      }
    }),
  );
});
