/** An authorization lasts as long as was asked for by the Resource Managers' time, whatever the coordinator's own clock says. */
import { Rig, USD } from './testing/rig';

const HOUR_MS = 3_600_000;

/** Of an authorization for ten minutes that is asked for now. */
async function expiryMs(rig: Rig): Promise<number> {
  const from = rig.open(1, 100n);
  await rig.pay(
    rig.request(from, from, 1n, {
      kind: 'authorization',
      legs: [{ account: from, direction: 'debit', amountMinor: 1n, currency: USD }],
      expiresInSeconds: 600,
    }),
  );
  const last = rig.cluster.instructionsOf('decide-commit').at(-1);
  return (last?.kind === 'decide-commit' ? last.body.expiresAtMs : null) ?? NaN;
}

test.each([
  ['an hour ahead', HOUR_MS],
  ['an hour behind', -HOUR_MS],
])('the Resource Managers agree on %s of the own clock', async (_, offMs) => {
  const rig = new Rig();
  rig.cluster.agreedMs = () => rig.clock.wallMs() + offMs;
  const startedMs = rig.clock.wallMs();
  const expires = await expiryMs(rig);
  expect(expires).toBeGreaterThanOrEqual(startedMs + offMs + 600_000 - 1);
  expect(expires).toBeLessThanOrEqual(rig.clock.wallMs() + offMs + 600_000 + 1);
});

test('where none of them has a time the own clock is all there is', async () => {
  const rig = new Rig();
  rig.cluster.agreedMs = () => null;
  const startedMs = rig.clock.wallMs();
  expect(await expiryMs(rig)).toBeGreaterThanOrEqual(startedMs + 600_000);
});

test('one answer is good for a while: not every authorization asks', async () => {
  const rig = new Rig();
  await expiryMs(rig);
  const asked = rig.cluster.requests.filter(({ kind }) => kind === 'placement').length;
  await rig.pay({ ...rig.request(rig.open(1, 5n), rig.open(2, 0n), 1n) });
  await expiryMs(rig);
  expect(rig.cluster.requests.filter(({ kind }) => kind === 'placement')).toHaveLength(asked);
  await rig.clock.pass(11_000);
  await expiryMs(rig);
  expect(rig.cluster.requests.filter(({ kind }) => kind === 'placement').length).toBeGreaterThan(asked);
});
