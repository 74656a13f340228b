/** A call is answered or fails as MasCallFailed: also one whose client is closed while it waits for its next attempt. */
import { makeTestCerts } from '../../../rpc/src/testing/test-certs';
import { MasClient } from './mas-client';
import { RetryingChannel } from './retrying-channel';

const certs = makeTestCerts();
afterAll(() => certs.remove());

/** Nobody listens on port 1: every call goes from attempt to attempt until something ends it. */
const options = { addresses: ['localhost:1'], ca: certs.tm.ca, token: 'a.b.c' };
const closed = expect.objectContaining({ kind: 'mas-call-failed', error: expect.objectContaining({ kind: 'unavailable', reason: 'CLIENT_CLOSED' }) });

test.each([0, 5, 30, 60, 120, 250])('closed after %i ms of retrying: CLIENT_CLOSED', async (afterMs) => {
  const channel = new RetryingChannel({ ...options, timeoutMs: 30_000 });
  const call = channel.call('/mas.v1.AccountService/GetAccount', new Uint8Array(0), () => null);
  const ended = expect(call).rejects.toEqual(closed);
  setTimeout(() => channel.close(), afterMs);
  await ended;
});

test('a call, a payment and a stream of a client that is closed already', async () => {
  const client = new MasClient(options);
  client.close();
  client.close();
  await expect(client.getAccount('a')).rejects.toEqual(closed);
  await expect(client.createPayment({ id: 'p', from: 'a', to: 'b', amount: { minor: 1n } })).rejects.toEqual(closed);
  expect(() => client.payments.openStream()).toThrow(closed);
});
