/**
 * A lookup that reads a whole bucket is right and a hundred times too slow, and no other test would notice. So the plans are
 * tested: every lookup goes down the primary key with all its columns.
 */
import Database from 'libsql';
import { accountNumber, bucketId } from '@mas/values';
import type { Kysely } from 'kysely';
import { AccountDAO } from '../dao/account-dao';
import { OutcomeDAO } from '../dao/outcome-dao';
import { PaymentDAO } from '../dao/payment-dao';
import { key, txn } from '@mas/testkit/applied-store';
import type { Schema } from '../schema/schema';
import { SQLITE } from '../sql-dialect';

const AT = { bucket: bucketId(1), generation: 1 };
const NO_DATABASE = {} as Kysely<Schema>;
const numbers = ['abc', 'def', 'ghi'].map(accountNumber);
const database = new Database(':memory:');
database.exec(`create table account (bucket integer, generation integer, slot integer, number text, primary key (bucket, generation, slot, number))`);
database.exec(
  `create table payment (bucket integer, generation integer, slot integer, account text, seq integer, txn blob, primary key (bucket, generation, slot, account, seq))`,
);
database.exec(
  `create table outcome (bucket integer, generation integer, slot integer, scope text, id text, primary key (bucket, generation, slot, scope, id))`,
);

test.each([
  ['accounts', new AccountDAO(NO_DATABASE, SQLITE, AT).lookupsOf(numbers), 'bucket=? AND generation=? AND slot=? AND number=?'],
  [
    'legs',
    new PaymentDAO(NO_DATABASE, SQLITE, AT).lookupsOf(
      numbers.map((account) => ({
        account,
        txn: txn(1),
        seqRanges: [
          { from: 1, to: 2 },
          { from: 5, to: 9 },
        ],
      })),
    ),
    'bucket=? AND generation=? AND slot=? AND account=? AND seq>? AND seq<?',
  ],
  [
    'outcomes',
    new OutcomeDAO(NO_DATABASE, SQLITE, AT).lookupsOf(numbers.map((scope) => key(scope, 'x'))),
    'bucket=? AND generation=? AND slot=? AND scope=? AND id=?',
  ],
])('%s are looked up by the whole primary key', (_, statements, columns) => {
  expect(statements).toHaveLength(1);
  const plan = database.prepare(`explain query plan ${statements.join('')}`).all() as { detail: string }[];
  expect(plan.map((step) => step.detail).filter((detail) => detail.startsWith('SEARCH'))).toEqual([expect.stringContaining(columns)]);
});
