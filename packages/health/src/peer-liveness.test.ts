/** Who is there: by connection, by silence, by its own word; and not fooled by this process's own pauses. */
import fc from 'fast-check';
import { WELL, type Condition } from './condition';
import { PeerLiveness } from './peer-liveness';

const P = 2;
const TICK_MS = 40;

/** One process that ticks, and a peer that gives signs of life, from a grown-up age on. */
class Pair {
  readonly events: string[] = [];
  readonly liveness: PeerLiveness<number>;
  nowMs = 0;

  constructor() {
    this.liveness = new PeerLiveness<number>(
      { tickMs: TICK_MS, floorMs: 300, capMs: 1_500 },
      { gained: (peer) => this.events.push(`+${peer}`), lost: (peer, how) => this.events.push(`${how} ${peer}`) },
      0,
    );
    this.liveness.connected(P, 0);
    this.both(12_000);
    this.events.length = 0;
  }

  /** Both are awake for so long. */
  both(durationMs: number): void {
    for (let passed = 0; passed < durationMs; passed += TICK_MS) {
      this.tickAfter(TICK_MS);
      this.liveness.heard(P, this.nowMs);
      this.liveness.judge(this.nowMs);
    }
  }

  /** The peer says nothing for so long. */
  silent(durationMs: number): void {
    for (let passed = 0; passed < durationMs; passed += TICK_MS) {
      this.tickAfter(TICK_MS);
      this.liveness.judge(this.nowMs);
    }
  }

  /** This process does nothing for so long; what the peer said meanwhile waits in the socket, which is read after the tick. */
  asleep(durationMs: number): void {
    this.tickAfter(durationMs + TICK_MS);
    this.liveness.heard(P, this.nowMs);
    this.liveness.judge(this.nowMs);
  }

  tickAfter(durationMs: number): void {
    this.nowMs += durationMs;
    this.liveness.tick(this.nowMs);
  }
}

describe('a connection', () => {
  test('lost is known at once, and what is heard outside of one does not count', () => {
    const { liveness, events, nowMs } = new Pair();
    liveness.disconnected(P, nowMs + 5);
    liveness.heard(P, nowMs + 6);
    expect([liveness.isAlive(P), liveness.verdict(P)]).toEqual([false, { kind: 'gone' }]);
    liveness.connected(P, nowMs + 10);
    expect(liveness.isAlive(P)).toBe(true);
    expect(events).toEqual(['gone 2', '+2']);
    expect([liveness.aliveForMs(P, nowMs + 110), liveness.goneForMs(P, nowMs + 110), liveness.goneForMs(9, 700)]).toEqual([100, null, 700]);
  });

  test('that comes back after an outage has taught nothing', () => {
    const pair = new Pair();
    pair.liveness.disconnected(P, pair.nowMs);
    pair.silent(1_000);
    pair.liveness.connected(P, pair.nowMs);
    expect(pair.liveness.allowedSilenceMs(P, pair.nowMs)).toBe(300);
  });
});

describe('silence', () => {
  test('of 300 ms on a quiet machine, and it ends with the next word', () => {
    const pair = new Pair();
    pair.silent(280);
    expect([pair.events, pair.liveness.heardAgoMs(P, pair.nowMs)]).toEqual([[], 280]);
    pair.silent(40);
    expect([pair.events, pair.liveness.verdict(P), pair.liveness.heardAgoMs(P, pair.nowMs)]).toEqual([['silent 2'], { kind: 'silent' }, null]);
    expect(pair.liveness.goneForMs(P, pair.nowMs)).toBe(320);
    pair.both(40);
    expect(pair.events).toEqual(['silent 2', '+2']);
  });

  test('does not count while this process slept, however long, and what waits in its sockets is read first', () => {
    const pair = new Pair();
    for (const sleptMs of [50, 450, 1_400, 3_600_000]) {
      pair.both(70_000);
      pair.asleep(sleptMs);
    }
    expect(pair.events).toEqual([]);
  });

  test('is found by a process that is always late, too', () => {
    const pair = new Pair();
    for (let tick = 0; tick < 20; tick += 1) {
      pair.tickAfter(500);
      pair.liveness.judge(pair.nowMs);
    }
    expect(pair.events).toEqual(['silent 2']);
  });

  test('pauses of up to 450 ms, of either, alarm nobody once one was seen', () => {
    const step = fc.record({ who: fc.constantFrom('peer', 'self'), pauseMs: fc.integer({ min: 0, max: 450 }), thenMs: fc.integer({ min: 40, max: 2_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const pair = new Pair();
        // Seen by its stall here: this may well be the first.
        pair.asleep(450);
        for (const { who, pauseMs, thenMs } of steps) {
          if (who === 'peer') pair.silent(pauseMs);
          else pair.asleep(pauseMs);
          pair.both(thenMs);
        }
        expect(pair.events).toEqual([]);
      }),
    );
  });

  test('whatever happened before, a peer that is heard again is alive, and a quiet minute later its silence is found in 300 ms', () => {
    const step = fc.record({ what: fc.constantFrom('silent', 'asleep', 'both'), forMs: fc.integer({ min: 1, max: 5_000 }) } as const);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const pair = new Pair();
        for (const { what, forMs } of steps) pair[what as 'silent' | 'asleep' | 'both'](forMs);
        pair.both(40);
        expect(pair.liveness.isAlive(P)).toBe(true);
        pair.both(60_040);
        pair.silent(320);
        expect(pair.liveness.isAlive(P)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });
});

test('a peer is what it says of itself, until its next word', () => {
  const pair = new Pair();
  const words: readonly Condition[] = [{ kind: 'doubtful', of: ['disk'] }, { kind: 'ailing', of: ['disk', 'store'] }, WELL];
  for (const says of words) {
    pair.liveness.heard(P, pair.nowMs, says);
    pair.both(80);
    expect([pair.liveness.verdict(P), pair.liveness.isWell(P)]).toEqual([says, says === WELL]);
  }
});
