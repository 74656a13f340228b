/**
 * Rows as the code before migration 5 wrote them, its own bytes, and what they mean: the body is a list within `detail`. For databases
 * that are brought back to that schema.
 */
import type { AccountRow, LegRow, LegSpec, OutcomeRow } from '@mas/ledger';
import { accountNumber, currency } from '@mas/values';
import { account, body, key, leg, outcome, txn, USD } from '@mas/testkit/applied-store';

const ACCOUNT_COLUMNS =
  'bucket,generation,slot,number,currency,status,balance_minor,holds_minor,pending_credits_minor,minimum_minor,rev,last_seq,journal_seq,created_at_ms,owner,created_scope,created_id,created_txn';
const PAYMENT_COLUMNS = 'bucket,generation,slot,account,seq,txn,id,effect,amount_minor,state,prepared_at_ms,balance_after_minor,pinned,detail';
const OUTCOME_COLUMNS = 'bucket,generation,slot,scope,id,txn,decision,decided_at_ms,untold_count,detail';

const DEF_4099 = `[1,"def",1262,"USD",["account"],1700000004100,null,["authorization",[0],null,1800000000000,""],null,["open",1800000000000,"9",null],"0","0"]`;
const DEF_4100 = `[1,"def",1262,"USD",["account"],1700000004101,1,["payment",[["abc","debit","1","JPY"],0,["ghi","credit","3"]],null,null,""],null,null,"0","0"]`;
const ABC_4096 = `[1,"abc",3516,"USD",["account"],1700000004097,1,["payment",[0,["def","credit","100"]],null,null,"rent, \\"flat 7\\" é\\n"],null,null,"0","0"]`;
const ABC_4097 = `[1,"abc",3516,"USD",["system"],6,null,null,["INSUFFICIENT_FUNDS","abc",[["available","1.00"],["needed","3.00"]]],null,"0","0"]`;
const ABC_4098 = `[1,"abc",3516,"JPY",["account"],null,null,["refund",[0,["def","credit","2","USD"],["ghi","credit","3"]],["issuer|operator\\u0000original","${txn(5)}"],null,""],null,null,"0","0"]`;
const OUTCOME_X = `[1,["operator","issuer|operator"],["payment",[["abc","debit","1","JPY"],["def","credit","2","USD"],["ghi","credit","3"]],null,null,""],null,[["abc","900",2]],["def"]]`;
const OUTCOME_7 = `[1,["operator"],["payment",[["abc","debit","100","USD"],["def","credit","100"]],null,null,"no"],["INSUFFICIENT_FUNDS","abc",[["available","1.00"],["needed","3.00"]]],[["abc","900",2]],[],[["issuer|eve",9,"${txn(8)}"]]]`;
const OUTCOME_8 = `[1,["operator"],["payment",[],null,null,"[\\"freeze\\",\\"abc\\",null]"],null,[["abc","900",2]],[]]`;

/** Of bucket 1, generation 1. */
const ACCOUNTS: readonly string[] = [`1,1,3516,'abc','USD','open',1000,0,0,0,1,0,1,1700000000000,'owner','issuer|operator','create-abc',x'${txn(7)}'`];
const PAYMENTS: readonly string[] = [
  `1,1,1262,'def',4099,x'${txn(4099)}','payment-4099','authorize',9,'committed',1700000004099,null,1,${hexText(DEF_4099)}`,
  `1,1,1262,'def',4100,x'${txn(4100)}','payment-4100','credit',2,'committed',1700000004100,900,0,${hexText(DEF_4100)}`,
  `1,1,3516,'abc',4096,x'${txn(4096)}','payment-4096','debit',100,'committed',1700000004096,900,0,${hexText(ABC_4096)}`,
  `1,1,3516,'abc',4097,x'${txn(4097)}','payment-4097','debit',100,'aborted',1700000004097,null,0,${hexText(ABC_4097)}`,
  `1,1,3516,'abc',4098,x'${txn(4098)}','payment-4098','debit',1,'prepared',1700000004098,null,1,${hexText(ABC_4098)}`,
];
const OUTCOMES: readonly string[] = [
  `1,1,3516,'abc','x',x'${txn(9)}','committed',1700000000002,1,${hexText(OUTCOME_X)}`,
  `1,1,3516,'issuer|operator','{abc}7',x'${txn(9)}','aborted',4,0,${hexText(OUTCOME_7)}`,
  `1,1,3516,'issuer|operator','{abc}8',x'${txn(9)}','committed',1700000000002,0,${hexText(OUTCOME_8)}`,
];

/** Brings tables of the newest schema back to the fourth, with these rows. @param prefix of the tables: `database.`, or nothing. */
export function backToSchema4(prefix: string): readonly string[] {
  return [
    `alter table ${prefix}payment drop column body`,
    `alter table ${prefix}outcome drop column body`,
    `alter table ${prefix}account drop column created_us`,
    `delete from ${prefix}kysely_migration where name >= '0005'`,
    `insert into ${prefix}account (${ACCOUNT_COLUMNS}) values ${ACCOUNTS.map((row) => `(${row})`).join(',')}`,
    `insert into ${prefix}payment (${PAYMENT_COLUMNS}) values ${PAYMENTS.map((row) => `(${row})`).join(',')}`,
    `insert into ${prefix}outcome (${OUTCOME_COLUMNS}) values ${OUTCOMES.map((row) => `(${row})`).join(',')}`,
  ];
}

const MIXED: readonly [LegSpec, LegSpec, LegSpec] = [
  { account: accountNumber('abc'), effect: 'debit', amountMinor: 1n, currency: currency('JPY') },
  { account: accountNumber('def'), effect: 'credit', amountMinor: 2n, currency: USD },
  { account: accountNumber('ghi'), effect: 'credit', amountMinor: 3n, currency: USD },
];
const AUTHORIZED: LegSpec = { account: accountNumber('def'), effect: 'authorize', amountMinor: 9n, currency: USD };
const reason = { name: 'INSUFFICIENT_FUNDS' as const, account: accountNumber('abc'), facts: { needed: '3.00', available: '1.00' } };

/** There were no moments. */
const without = { preparedUs: null, commitUs: null };
const decision = { kind: 'committed' as const, atMs: 1_700_000_000_002, commitUs: null };

export const MEANT_ACCOUNTS: readonly AccountRow[] = [account('abc', { createdUs: null })];
export const MEANT_LEGS: readonly LegRow[] = [
  leg('def', 4099, {
    spec: AUTHORIZED,
    body: body({ kind: 'authorization', legs: [AUTHORIZED], expiresAtMs: 1_800_000_000_000 }),
    journal: null,
    reservation: { status: 'open', expiresAtMs: 1_800_000_000_000, reservedMinor: 9n, consumedBy: null },
    ...without,
  }),
  leg('def', 4100, { ...without, body: body({ legs: MIXED }), spec: MIXED[1] }),
  leg('abc', 4096, { ...without, body: body({ memo: 'rent, "flat 7" é\n' }) }),
  leg('abc', 4097, { ...without, state: 'aborted', reason, body: null, endedAtMs: 6, journal: null, subject: { kind: 'system' } }),
  leg('abc', 4098, {
    ...without,
    state: 'prepared',
    endedAtMs: null,
    journal: null,
    body: body({ kind: 'refund', legs: MIXED, reference: { key: key('issuer|operator', 'original'), txn: txn(5) } }),
    spec: MIXED[0],
  }),
];
export const MEANT_OUTCOMES: readonly OutcomeRow[] = [
  outcome(key('abc', 'x'), { decision, untold: [{ account: accountNumber('def') }], body: body({ legs: MIXED }) }),
  outcome(key('issuer|operator', '{abc}7'), {
    decision: { kind: 'aborted', atMs: 4, reason },
    body: body({ memo: 'no' }),
    forced: [{ operator: 'issuer|eve', askedAtMs: 9, txn: txn(8) }],
  }),
  outcome(key('issuer|operator', '{abc}8'), { decision, body: body({ legs: [], memo: '["freeze","abc",null]' }) }),
];

function hexText(text: string): string {
  return `cast(x'${Buffer.from(text, 'utf8').toString('hex')}' as char)`;
}
