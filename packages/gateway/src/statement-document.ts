/** The form of a statement in the OpenAPI document: it is no message of mas.v1, so it is written here, in the manner of protobuf's JSON. */
import type { JsonObject } from '@bufbuild/protobuf';

const MOMENT = { type: 'string', format: 'uint64', pattern: '^\\d+$' } as const;
const MINOR = { type: 'string', format: 'int64', pattern: '^-?\\d+$' } as const;
const TEXT = { type: 'string' } as const;
const MICROSECONDS = 'Microseconds since the Unix epoch';

export const PREFER: JsonObject = {
  name: 'Prefer',
  in: 'header',
  description: 'wait=SECONDS (RFC 7240): how long the answer may take.',
  schema: { type: 'string', pattern: '^wait=\\d+$' },
};

export const STATEMENT_OPERATION: JsonObject = {
  operationId: 'GetStatement',
  tags: ['AccountService'],
  summary:
    'What an account had, every payment that moved its money in the order of commit times, and what it has, as of one moment. It adds up, or there is none; that of a period which is over is always the same.',
  parameters: [
    { name: 'number', in: 'path', required: true, schema: TEXT },
    { name: 'fromUs', in: 'query', description: `${MICROSECONDS}: the first moment of the period. Absent: the account\u2019s beginning.`, schema: MOMENT },
    { name: 'toUs', in: 'query', description: `${MICROSECONDS}: the first moment behind the period. Absent: all up to now.`, schema: MOMENT },
    PREFER,
  ],
};

export const STATEMENT_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  GetStatementResponse: { type: 'object', properties: { statement: { $ref: '#/components/schemas/Statement' } }, additionalProperties: false },
  Statement: {
    type: 'object',
    properties: {
      account: TEXT,
      owner: TEXT,
      currency: TEXT,
      openingUs: { ...MOMENT, description: `${MICROSECONDS}, that the opening balance is of. Absent: the statement begins with the account.` },
      openingMinor: MINOR,
      movements: { type: 'array', items: { $ref: '#/components/schemas/StatementLine' } },
      closingUs: { ...MOMENT, description: `${MICROSECONDS}, that the closing balance is of.` },
      closingMinor: { ...MINOR, description: 'The opening balance and what the movements have changed.' },
    },
    additionalProperties: false,
  },
  StatementLine: {
    type: 'object',
    description: 'One payment that moved the account\u2019s money; or, as the first of an account, what it was opened with.',
    properties: {
      commitUs: { ...MOMENT, description: `${MICROSECONDS}, from which it counts. Absent of an opening, and of what was before the cluster had commit times.` },
      atMs: { ...MOMENT, description: 'The bucket\u2019s time of it, milliseconds since the Unix epoch.' },
      kind: { type: 'string', enum: ['payment', 'capture', 'refund', 'opened'] },
      payment: { ...TEXT, description: 'The payment\u2019s id.' },
      txn: TEXT,
      amountMinor: { ...MINOR, description: 'What it gave the account, or, below zero, took from it.' },
      balanceMinor: { ...MINOR, description: 'After it.' },
      counterparties: { type: 'array', items: TEXT, description: 'The other accounts of the payment.' },
      memo: TEXT,
    },
    additionalProperties: false,
  },
};
