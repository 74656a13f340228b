/** Exclusive locks: one owner at a time by the bucket's stamp, tokens that only rise, and what they stop. */
import { acc, breakLock, change, commit, create, lock, OPERATOR, pay, payment, prepare, resolve, rollback, share, SYSTEM, unlock } from './testing/builders';
import { START_MS, TestBucket } from './testing/test-bucket';
import { BREAK_REMEMBERED_MS, brokenAtMs, type Instruction, type LockRow } from './index';

const credit = payment(1, pay('b1', 'a1', 5n));
const refresh = (lockId: string, owner: string, ttlMs = 1000): Instruction => ({ kind: 'refresh-lock', slot: lockSlot, lockId, owner, ttlMs });
const lockSlot = payment(1, pay('a1', 'b1', 1n)).homeSlot;

function bucket(): TestBucket {
  const made = new TestBucket('a');
  made.run(create('a1', 100n));
  return made;
}

test('one owner at a time; a release passes it on with a higher token', () => {
  const a = bucket();
  expect(a.run(lock('a1', 'x'))).toMatchObject({ kind: 'lock', lock: { owner: 'x', token: 1, untilMs: START_MS + 1000 }, preparedLegs: 0 });
  expect(a.run(lock('a1', 'y'))).toMatchObject({ kind: 'locked', lock: { owner: 'x', token: 1 } });
  expect(a.run(unlock('a1', 'y'))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_NOT_OWNED' } });
  expect(a.run(unlock('a1', 'x'))).toEqual({ kind: 'lock-released', lockId: 'a1' });
  expect(a.run(unlock('a1', 'x'))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_NOT_OWNED' } });
  expect(a.run(lock('a1', 'y'))).toMatchObject({ kind: 'lock', lock: { owner: 'y', token: 2 } });
});

test('time ends a lock: another may have it, its owner gets a new token', () => {
  const a = bucket();
  a.run(lock('a1', 'x'));
  a.stampMs += 999;
  expect(a.run(refresh('a1', 'x'))).toMatchObject({ kind: 'lock', lock: { token: 1, untilMs: START_MS + 1999 } });
  a.stampMs += 1000;
  expect(a.run(refresh('a1', 'x'))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_NOT_OWNED' } });
  expect(a.run(lock('a1', 'x'))).toMatchObject({ lock: { token: 2 } });
  a.stampMs += 1000;
  expect(a.run(lock('a1', 'y'))).toMatchObject({ lock: { owner: 'y', token: 3 } });
});

test('time does not go back with a leader whose clock is behind: what has expired stays so', () => {
  const a = bucket();
  a.run(lock('a1', 'x'));
  a.stampMs += 1000;
  expect(a.run(prepare(credit, 'a1')).kind).toBe('prepared');
  a.stampMs -= 5000;
  expect(a.run(refresh('a1', 'x'))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_NOT_OWNED' } });
  expect(a.run(lock('a1', 'y'))).toMatchObject({ lock: { owner: 'y', untilMs: START_MS + 2000 } });
});

describe('while a lock is in force', () => {
  test.each<[string, Instruction, string]>([
    ['a prepare is locked', prepare(credit, 'a1'), 'locked'],
    ['its holder’s prepare is not', prepare(credit, 'a1', { lockToken: 1 }), 'prepared'],
    ['a stale token is refused', prepare(credit, 'a1', { lockToken: 7 }), 'LOCK_TOKEN_STALE'],
    ['a change is locked', change(9, 'a1', { kind: 'freeze' }), 'locked'],
    ['its holder’s change is not', change(9, 'a1', { kind: 'freeze' }, { lockToken: 1 }), 'account'],
    ['another account is free', prepare(payment(2, pay('b1', 'a2', 5n)), 'a2'), 'prepared'],
  ])('%s', (_name, instruction, expected) => {
    const a = bucket();
    a.run(create('a2', 0n));
    a.run(lock('a1', 'x'));
    const outcome = a.run(instruction);
    expect(outcome.kind === 'refused' ? outcome.refusal.name : outcome.kind).toBe(expected);
  });

  test('what was promised before goes on, and the lock says how much is left', () => {
    const a = bucket();
    const others = [payment(2, pay('b1', 'a1', 5n)), payment(3, pay('b1', 'a1', 5n), { homeSlot: lockSlot })] as const;
    for (const p of [credit, ...others]) a.run(prepare(p, 'a1'));
    expect(a.run(lock('a1', 'x'))).toMatchObject({ kind: 'lock', preparedLegs: 3 });
    expect(a.run(commit(credit, 'a1')).kind).toBe('leg-ended');
    expect(a.run(rollback(others[0], 'a1')).kind).toBe('leg-ended');
    expect(a.run(lock('a1', 'x'))).toMatchObject({ preparedLegs: 1 });
    expect(a.run(resolve(others[1])).kind).toBe('decided');
    expect(a.run(lock('a1', 'x'))).toMatchObject({ preparedLegs: 0, lock: { token: 1 } });
  });
});

test('an expired holder’s token is refused, also when nobody has the lock now', () => {
  const a = bucket();
  a.run(lock('a1', 'x'));
  a.stampMs += 1000;
  expect(a.run(prepare(credit, 'a1', { lockToken: 1 }))).toMatchObject({
    kind: 'refused',
    refusal: { name: 'LOCK_TOKEN_STALE', facts: { token: '1', current: 'none' } },
  });
  expect(a.run(prepare(credit, 'a1')).kind).toBe('prepared');
});

test('an account’s token locks its own account only', () => {
  const a = bucket();
  expect(a.run(lock('a1', 'x', 1000, { kind: 'account', account: acc('a2') }))).toMatchObject({ kind: 'refused', refusal: { name: 'NOT_AUTHORIZED' } });
  expect(a.run(lock('a1', 'x', 1000, { kind: 'account', account: acc('a1') })).kind).toBe('lock');
  expect(a.run(lock('a2', 'x', 1000, SYSTEM)).kind).toBe('lock');
});

test('rows of expired locks are removed now and then, those in force stay', () => {
  const a = bucket();
  a.run(lock('a1', 'keeper', 100_000));
  for (let i = 0; i < 300; i += 1) {
    a.run(lock(`a${2 + (i % 90)}`, `x${i}`, 10));
    a.stampMs += 20;
  }
  expect([...a.ledger.locks()].length).toBeLessThan(60);
  expect(a.run(lock('a1', 'x'))).toMatchObject({ kind: 'locked', lock: { owner: 'keeper', token: 1 } });
});

describe('shared locks', () => {
  test('go together, keep an exclusive one out until the last has gone, and stop no payment', () => {
    const a = bucket();
    expect(a.run(share('a1', 's-x'))).toMatchObject({ kind: 'lock', lock: { mode: 'shared', owner: 's-x', token: 1 }, preparedLegs: 0 });
    expect(a.run(share('a1', 's-y', 2000))).toMatchObject({ kind: 'lock', lock: { owner: 's-y', token: 2 } });
    expect(a.run(lock('a1', 'x'))).toMatchObject({ kind: 'locked', lock: { mode: 'shared', owner: 's-y' } });
    expect(a.run(prepare(credit, 'a1')).kind).toBe('prepared');
    expect(a.run(change(9, 'a1', { kind: 'freeze' })).kind).toBe('account');
    expect(a.run(unlock('a1', 's-y'))).toEqual({ kind: 'lock-released', lockId: 'a1' });
    expect(a.run(lock('a1', 'x'))).toMatchObject({ kind: 'locked', lock: { owner: 's-x' } });
    a.stampMs += 1000;
    expect(a.run(refresh('a1', 's-x'))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_NOT_OWNED' } });
    expect(a.run(lock('a1', 'x'))).toMatchObject({ kind: 'lock', lock: { mode: 'exclusive', token: 3 } });
    expect(a.run(share('a1', 's-y'))).toMatchObject({ kind: 'locked', lock: { owner: 'x' } });
  });

  test('are extended by their owner, again or by a refresh, under the same token', () => {
    const a = bucket();
    a.run(share('a1', 's-x'));
    a.stampMs += 500;
    expect(a.run(share('a1', 's-x'))).toMatchObject({ lock: { token: 1, untilMs: START_MS + 1500 } });
    a.stampMs += 500;
    expect(a.run(refresh('a1', 's-x'))).toMatchObject({ lock: { token: 1, untilMs: START_MS + 2000 } });
    expect([...a.ledger.locks()]).toHaveLength(1);
  });

  test('their token is no permission, and their number on one id has a bound', () => {
    const a = bucket();
    a.run(share('a1', 's-x'));
    expect(a.run(prepare(credit, 'a1', { lockToken: 1 }))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_TOKEN_STALE' } });
    for (let i = 1; i < 256; i += 1) expect(a.run(share('a1', `s-${i}`)).kind).toBe('lock');
    expect(a.run(share('a1', 's-more'))).toMatchObject({ kind: 'refused', refusal: { name: 'TOO_MANY_LOCK_HOLDERS' } });
    expect(a.run(share('a1', 's-x')).kind).toBe('lock');
    a.stampMs += 1000;
    expect(a.run(share('a1', 's-more')).kind).toBe('lock');
  });
});

describe('breaking a lock', () => {
  const notes = (a: TestBucket): readonly LockRow[] => [...a.ledger.locks()].filter((row) => row.mode === 'broken');

  test('ends its holder and says who did it and when; the old token opens nothing', () => {
    const a = bucket();
    a.run(lock('a1', 'x', 60_000, { kind: 'account', account: acc('a1') }));
    a.stampMs += 10;
    expect(a.run(breakLock('a1', 1))).toEqual({ kind: 'lock-released', lockId: 'a1' });
    expect(notes(a)).toMatchObject([{ heldBy: `operator ${OPERATOR.kind === 'operator' ? OPERATOR.name : ''}`, token: 1, owner: 'broken' }]);
    expect(notes(a).map(brokenAtMs)).toEqual([START_MS + 10]);
    expect(a.run(refresh('a1', 'x'))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_NOT_OWNED' } });
    expect(a.run(prepare(credit, 'a1', { lockToken: 1 }))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_TOKEN_STALE' } });
    expect(a.run(prepare(credit, 'a1')).kind).toBe('prepared');
    expect(a.run(lock('a1', 'y'))).toMatchObject({ kind: 'lock', lock: { token: 2, owner: 'y' } });
    expect(notes(a)).toHaveLength(1);
  });

  test('told twice it does nothing more, and whoever came after keeps his lock', () => {
    const a = bucket();
    a.run(share('a1', 's-x'));
    a.run(share('a1', 's-y'));
    expect(a.run(breakLock('a1', 2)).kind).toBe('lock-released');
    a.run(lock('a1', 'z'));
    expect(a.run(breakLock('a1', 2)).kind).toBe('lock-released');
    expect(a.run(lock('a1', 'z'))).toMatchObject({ kind: 'lock', lock: { token: 3 } });
    expect(a.run(breakLock('a2', 5))).toMatchObject({ kind: 'refused', refusal: { name: 'LOCK_NOT_OWNED' } });
  });

  test('its note is forgotten after its time', () => {
    const a = bucket();
    a.run(lock('a1', 'x'));
    a.run(breakLock('a1', 1));
    a.stampMs += BREAK_REMEMBERED_MS;
    for (let i = 0; i < 260; i += 1) {
      a.run(lock('a2', `x${i}`, 1));
      a.stampMs += 2;
    }
    expect(notes(a)).toEqual([]);
  });
});

test('rows say who holds them; in a bucket of an earlier version they are what they were', () => {
  const a = bucket();
  expect(a.run(lock('a1', 'x', 1000, { kind: 'account', account: acc('a1') }))).toMatchObject({ lock: { heldBy: 'account a1' } });
  expect(a.run(share('a2', 's-x'))).toMatchObject({ lock: { heldBy: expect.stringMatching(/^operator /) as string } });
  const old = new TestBucket('a', 1);
  expect(old.run(lock('a1', 'x'))).toMatchObject({ lock: { heldBy: '', mode: 'exclusive' } });
});
