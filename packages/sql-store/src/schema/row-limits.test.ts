/** Whatever may be proposed has room in its column: a text that has not would end the bucket at its next checkpoint. */
import { MAX_LOCK_ID_LENGTH, MAX_LOCK_OWNER_LENGTH, MAX_OWNER_LENGTH } from '@mas/ledger';
import { MAX_ACCOUNT_NUMBER_LENGTH, MAX_PAYMENT_ID_LENGTH } from '@mas/values';
import { MAX_TEXT_BYTES } from './column-types';

/** Names of operators in keys: an issuer and a subject of up to 128 characters each, and the bar between them. */
const MAX_SCOPE_LENGTH = 128 + 1 + 128;

test.each([
  ['an account number', MAX_ACCOUNT_NUMBER_LENGTH, MAX_TEXT_BYTES.account],
  ['an id', MAX_PAYMENT_ID_LENGTH, MAX_TEXT_BYTES.id],
  ['a scope', MAX_SCOPE_LENGTH, MAX_TEXT_BYTES.scope],
  ['an owner in any script', Buffer.byteLength('漢'.repeat(MAX_OWNER_LENGTH)), MAX_TEXT_BYTES.owner],
  ['a lock id', MAX_LOCK_ID_LENGTH, MAX_TEXT_BYTES.lockId],
  ['the owner of a lock', MAX_LOCK_OWNER_LENGTH, MAX_TEXT_BYTES.owner],
])('%s', (_what, longestBytes, columnBytes) => {
  expect(longestBytes).toBeLessThanOrEqual(columnBytes);
});
