/** Two-step payments and refunds: what they derive from the payment they refer to, their limits, and their retries. */
import type { AccountNumber } from '@mas/values';
import type { PaymentRequest } from './coordinator-service';
import { Rig, USD, verdict } from './testing/rig';

interface Scene {
  readonly rig: Rig;
  readonly payer: AccountNumber;
  readonly payee: AccountNumber;
  readonly authorization: PaymentRequest;
}

async function authorized(): Promise<Scene> {
  const rig = new Rig();
  const [payer, payee] = [rig.open(1, 100n), rig.open(2, 0n)];
  const authorization = rig.request(payer, payee, 40n, {
    kind: 'authorization',
    legs: [{ account: payer, direction: 'debit', amountMinor: 40n, currency: USD }],
    expiresInSeconds: 60,
  });
  expect(verdict(await rig.pay(authorization))).toBe('committed');
  return { rig, payer, payee, authorization };
}

function capture({ rig, payer, payee, authorization }: Scene, amountMinor: bigint | null): PaymentRequest {
  return rig.request(payer, payee, 0n, {
    kind: 'capture',
    legs: [{ account: payee, direction: 'credit', amountMinor: 0n, currency: USD }],
    reference: { kind: 'id', id: authorization.id },
    amountMinor,
  });
}

const reservedOn = ({ rig, payer }: Scene): bigint | undefined => rig.cluster.bucket(1).rows.account(payer)?.holdsMinor;

test.each([
  [null, 60n, 40n],
  [25n, 75n, 25n],
])('capture of %s: the payee gets it, the rest is free again', async (amount, payerLeft, payeeHas) => {
  const scene = await authorized();
  expect(reservedOn(scene)).toBe(40n);
  const request = capture(scene, amount);
  expect(verdict(await scene.rig.pay(request))).toBe('committed');
  await scene.rig.clock.pass(50);
  expect([scene.rig.balance(scene.payer), scene.rig.balance(scene.payee), reservedOn(scene)]).toEqual([payerLeft, payeeHas, 0n]);
  expect(verdict(await scene.rig.pay(request))).toBe('committed');
  expect(verdict(await scene.rig.pay(capture(scene, 1n)))).toBe('aborted AUTHORIZATION_NOT_OPEN');
});

test('a void frees the money; a capture afterwards is refused by name', async () => {
  const scene = await authorized();
  const { rig, payer, payee } = scene;
  expect(verdict(await rig.pay(rig.request(payer, payee, 0n, { kind: 'void', legs: [], reference: { kind: 'id', id: scene.authorization.id } })))).toBe(
    'committed',
  );
  expect(reservedOn(scene)).toBe(0n);
  expect(verdict(await rig.pay(capture(scene, null)))).toBe('aborted AUTHORIZATION_NOT_OPEN');
  await rig.clock.pass(20_000);
  rig.cluster.resolveAll();
  expect(rig.leftovers()).toEqual([]);
});

test('more than was authorized, or too late: refused by name', async () => {
  const scene = await authorized();
  expect(verdict(await scene.rig.pay(capture(scene, 41n)))).toBe('aborted CAPTURE_EXCEEDS_AUTHORIZATION');
  await scene.rig.clock.pass(61_000);
  expect(verdict(await scene.rig.pay(capture(scene, 40n)))).toBe('aborted AUTHORIZATION_EXPIRED');
});

test('a repeated authorization is the same one though its expiry was reckoned later; another duration is a conflict', async () => {
  const scene = await authorized();
  const { rig, authorization } = scene;
  await rig.clock.pass(3_000);
  expect(verdict(await rig.pay(authorization))).toBe('committed');
  expect(reservedOn(scene)).toBe(40n);
  expect(await rig.pay({ ...authorization, expiresInSeconds: 86_400 })).toMatchObject({
    ok: false,
    error: { reason: 'ID_CONFLICT', field: 'expires_in_seconds' },
  });
  expect(verdict(await rig.pay({ ...authorization, memo: 'x' }))).toBe('error ID_CONFLICT');
});

describe('refund', () => {
  async function paid(): Promise<{
    readonly rig: Rig;
    readonly payer: AccountNumber;
    readonly payee: AccountNumber;
    readonly id: string;
    readonly txn: string;
  }> {
    const rig = new Rig();
    const [payer, payee] = [rig.open(1, 100n), rig.open(2, 0n)];
    const request = rig.request(payer, payee, 50n);
    const reply = await rig.pay(request);
    if (!reply.ok) throw new Error(reply.error.message);
    await rig.clock.pass(50);
    return { rig, payer, payee, id: request.id, txn: reply.value.txn };
  }

  test('whole, in parts, and never more than was paid', async () => {
    const { rig, payer, payee, id } = await paid();
    const refund = (amountMinor: bigint | null): PaymentRequest =>
      rig.request(payee, payer, 0n, { kind: 'refund', legs: [], reference: { kind: 'id', id }, amountMinor });
    expect(verdict(await rig.pay(refund(20n)))).toBe('committed');
    await rig.clock.pass(50);
    expect(verdict(await rig.pay(refund(null)))).toBe('aborted REFUND_EXCEEDS_PAYMENT');
    expect(verdict(await rig.pay(refund(30n)))).toBe('committed');
    await rig.clock.pass(50);
    expect([rig.balance(payer), rig.balance(payee)]).toEqual([100n, 0n]);
    expect(verdict(await rig.pay(refund(1n)))).toBe('aborted REFUND_EXCEEDS_PAYMENT');
  });

  test('the payee refunds under his own token, naming the payment by its txn on his account', async () => {
    const { rig, payer, payee, txn } = await paid();
    const reference = { kind: 'txn', txn: txn as never, account: payee } as const;
    expect(
      verdict(await rig.pay(rig.request(payee, payer, 0n, { id: 'r1', kind: 'refund', legs: [], reference }), rig.caller({ kind: 'account', account: payee }))),
    ).toBe('committed');
    await rig.clock.pass(50);
    expect(rig.balance(payer)).toBe(100n);
    expect(
      verdict(await rig.pay(rig.request(payee, payer, 0n, { id: 'r2', kind: 'refund', legs: [], reference }), rig.caller({ kind: 'account', account: payer }))),
    ).toBe('error NOT_AUTHORIZED');
  });

  test('of a payment that nobody knows', async () => {
    const { rig, payer, payee } = await paid();
    expect(verdict(await rig.pay(rig.request(payee, payer, 0n, { kind: 'refund', legs: [], reference: { kind: 'id', id: 'never' } })))).toBe(
      'error PAYMENT_NOT_FOUND',
    );
  });
});
