/**
 * A coordinator dies at each step of the protocol, exactly there. The caller asks another coordinator with the same
 * id; or nobody asks and the participants resolve; or the coordinator comes back and finds its entry. Every way ends
 * in one decision, with nothing held and the accounts as usable as before.
 */
import { paymentKey } from '@mas/values';
import { FAILPOINTS, type Failpoint, type Failpoints } from './failpoints';
import { OPERATOR, Rig, verdict } from './testing/rig';

/** Cuts the coordinator off from the world at its point: it sends nothing and hears nothing any more. */
class Death implements Failpoints {
  died = false;
  private onDeath: () => void = () => undefined;

  constructor(private readonly point: Failpoint) {}

  arm(onDeath: () => void): void {
    this.onDeath = onDeath;
  }

  hit(point: Failpoint): void {
    if (this.died || point !== this.point) return;
    this.died = true;
    this.onDeath();
  }
}

interface Scene {
  readonly rig: Rig;
  readonly death: Death;
  readonly request: ReturnType<Rig['request']>;
  readonly accounts: readonly [ReturnType<Rig['open']>, ReturnType<Rig['open']>];
}

async function dieAt(point: Failpoint): Promise<Scene> {
  const death = new Death(point);
  const exclusive = point.startsWith('lock') || point.startsWith('unlock');
  const rig = new Rig({
    failpoints: death,
    config: { accountLock: exclusive ? 'exclusive' : 'shared', lockAttempts: 3, lockAttemptDelayMs: 200, lockTimeoutMs: 1_000 },
  });
  const accounts = [rig.open(1, 100n), rig.open(2, 0n)] as const;
  const request = rig.request(accounts[0], accounts[1], 10n);
  // From its death on, all that the dead coordinator sends is lost; replies on their way go nowhere.
  death.arm(() => {
    rig.cluster.dead = true;
    rig.dao.dead = true;
    rig.locks.dead = true;
  });
  void rig.coordinator.createPayment(rig.caller(), request);
  await rig.clock.when(() => death.died, `the coordinator's death at ${point}`);
  await rig.clock.pass(20_000);
  rig.cluster.dead = false;
  rig.dao.dead = false;
  rig.locks.dead = false;
  rig.locks.expire();
  return { rig, death, request, accounts };
}

async function ends({ rig, request, accounts }: Scene): Promise<void> {
  rig.cluster.resolveAll();
  const answer = verdict(await rig.clock.until(rig.another('tc-3').createPayment(rig.caller(), request)));
  expect(['committed', 'aborted ABANDONED']).toContain(answer);
  await rig.clock.pass(2_000);
  rig.cluster.resolveAll();
  expect(rig.leftovers()).toEqual([]);
  expect([rig.balance(accounts[0]), rig.balance(accounts[1])]).toEqual(answer === 'committed' ? [90n, 10n] : [100n, 0n]);
  expect(verdict(await rig.clock.until(rig.another('tc-4').createPayment(rig.caller(), rig.request(accounts[0], accounts[1], 1n))))).toBe('committed');
  await rig.clock.pass(100);
}

describe.each([...FAILPOINTS])('killed at %s', (point) => {
  test('the caller asks another coordinator at once', async () => {
    const scene = await dieAt(point);
    const { rig, request } = scene;
    const answer = verdict(await rig.clock.until(rig.another('tc-2').createPayment(rig.caller(), request)));
    expect(answer).toBe('committed');
    await ends(scene);
  });

  test('nobody asks: the participants resolve it among themselves', async () => {
    await ends(await dieAt(point));
  });

  test('the coordinator comes back without memory and finishes what Redis shows as pending', async () => {
    const scene = await dieAt(point);
    const { rig, request } = scene;
    const reborn = rig.another('tc-1');
    reborn.start();
    await rig.clock.pass(3_000);
    await rig.clock.until(reborn.stop(1_000));
    const entry = rig.dao.entries.get(paymentKey(OPERATOR.kind === 'operator' ? OPERATOR.name : '', request.id));
    if (entry !== undefined) expect(entry.state).not.toBe('PENDING');
    if (entry !== undefined) expect(rig.leftovers()).toEqual([]);
    await ends(scene);
  });
});

test("an orphaned entry of a coordinator that never comes back is finished by another, and living ones' are left alone", async () => {
  const scene = await dieAt('prepare:after');
  const { rig } = scene;
  const other = rig.another('tc-2', { config: { orphanAgeMs: 60_000, recoveryIntervalMs: 1_000 } });
  other.start();
  await rig.clock.pass(5_000);
  expect([...rig.dao.entries.values()].map((entry) => entry.state)).toEqual(['PENDING']);
  await rig.clock.pass(60_000);
  expect([...rig.dao.entries.values()].map((entry) => entry.state)).toEqual(['ABORTED']);
  expect(rig.leftovers()).toEqual([]);
  await rig.clock.until(other.stop(1_000));
  await ends(scene);
});
