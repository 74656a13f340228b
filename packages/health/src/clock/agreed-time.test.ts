/** Three processes whose clocks do what clocks do, and what they take for the time: not what one clock says, and never back. */
import fc from 'fast-check';
import { AGREEMENT_BOUND_MS, AgreedTime, type Reading } from './agreed-time';

const EPOCH_MS = 1_700_000_000_000;
const EVERY_MS = 50;

class Process {
  readonly time = new AgreedTime<Process>(() => this.of);
  offMs = 0;
  /** Of its monotonic clock. */
  readonly originMs: number;

  constructor(
    private readonly world: World,
    private readonly of: number,
    at: number,
  ) {
    this.originMs = at * 1_234_567;
  }

  reading(): Reading {
    return { wallMs: EPOCH_MS + this.world.nowMs + this.offMs, monotonicMs: this.originMs + this.world.nowMs };
  }

  /** Agreed time minus the true one. */
  errorMs(): number | null {
    const atMs = this.time.at(this.reading());
    return atMs === null ? null : atMs - EPOCH_MS - this.world.nowMs;
  }
}

class World {
  nowMs = 0;
  /** Of a message. */
  latencyMs = 2;
  readonly cut = new Set<Process>();
  processes: Process[];

  constructor(count = 3) {
    this.processes = Array.from({ length: count }, (_, at) => new Process(this, count, at + 1));
    this.connect();
  }

  private connect(): void {
    for (const a of this.processes) for (const b of this.processes) if (a !== b) a.time.connected(b);
  }

  restart(at: number): Process {
    const before = this.at(at);
    const after = new Process(this, this.processes.length, at + 10);
    after.offMs = before.offMs;
    this.processes[at] = after;
    for (const other of this.processes) {
      other.time.disconnected(before);
      if (other === after) continue;
      other.time.connected(after);
      after.time.connected(other);
    }
    return after;
  }

  at(at: number): Process {
    const found = this.processes[at];
    if (found === undefined) throw new Error('no such process');
    return found;
  }

  run(forMs: number): this {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += EVERY_MS - this.latencyMs) {
      const signals = this.processes.flatMap((from) =>
        this.processes
          .filter((to) => to !== from && !this.cut.has(to) && !this.cut.has(from))
          .map((to) => ({ from, to, signal: from.time.signal(to, from.reading()) })),
      );
      this.nowMs += this.latencyMs;
      for (const { from, to, signal } of signals) to.time.heard(from, signal, to.reading());
    }
    return this;
  }

  errors(): readonly number[] {
    return this.processes.map((process) => process.errorMs() ?? NaN);
  }
}

test('clocks that agree are followed, within what they differ', () => {
  const world = new World();
  world.at(0).offMs = 30;
  world.at(1).offMs = -20;
  world.run(1_000);
  for (const error of world.errors()) expect(Math.abs(error)).toBeLessThan(40);
});

test('a clock that jumps an hour moves nothing, and its machine is told by how much it is off', () => {
  const world = new World().run(1_000);
  world.at(0).offMs = 3_600_000;
  world.run(60_000);
  for (const error of world.errors()) expect(Math.abs(error)).toBeLessThan(20);
  expect(world.at(0).time.ownClockOffMs()).toBeCloseTo(3_600_000, -2);
  expect(world.at(1).time.ownClockOffMs()).toBeNull();
  world.at(0).offMs = 0;
  world.run(3_000);
  expect(world.at(0).time.ownClockOffMs()).toBeNull();
});

test('three clocks that all disagree: time goes on as the monotonic clocks do', () => {
  const world = new World().run(1_000);
  world.at(0).offMs = 3_600_000;
  world.at(1).offMs = -3_600_000;
  world.run(600_000);
  expect(world.processes.map(({ time }) => time.isAgreed)).toEqual([false, false, false]);
  for (const error of world.errors()) expect(Math.abs(error)).toBeLessThan(20);
});

test('there is no time before a majority has agreed on one, and one machine alone is none', () => {
  const world = new World();
  expect(world.at(0).errorMs()).toBeNull();
  world.at(0).offMs = 3_600_000;
  world.cut.add(world.at(2));
  world.run(10_000);
  expect(world.errors()).toEqual([NaN, NaN, NaN]);
  world.cut.clear();
  world.run(500);
  for (const error of world.errors()) expect(Math.abs(error)).toBeLessThan(20);
});

test('who starts takes the time over from those who have it, also when no majority agrees any more', () => {
  const world = new World().run(1_000);
  world.at(0).offMs = 3_600_000;
  world.at(1).offMs = -3_600_000;
  world.run(20_000);
  const fresh = world.restart(0);
  world.run(500);
  expect(Math.abs(fresh.errorMs() ?? NaN)).toBeLessThan(20);
});

test('machines that were all asleep are an hour later together, in one step, and what was ahead is slowed down, not set back', () => {
  const world = new World().run(1_000);
  for (const process of world.processes) process.offMs = 3_600_000;
  world.run(5_000);
  for (const error of world.errors()) expect(error).toBeLessThan(20);
  world.run(10_000);
  for (const error of world.errors()) expect(error).toBeGreaterThan(3_590_000);
  for (const process of world.processes) process.offMs = 3_599_000;
  const before = world.processes.map((process) => process.time.at(process.reading()) ?? NaN);
  world.run(10_000);
  world.processes.forEach((process, at) => {
    const passed = (process.time.at(process.reading()) ?? NaN) - (before[at] ?? NaN);
    expect(passed).toBeGreaterThan(9_000);
    expect(passed).toBeLessThan(10_000);
  });
});

test('a cluster of one follows its own clock, at its own pace', () => {
  const world = new World(1);
  expect(world.at(0).errorMs()).toBe(0);
  world.at(0).offMs = 3_600_000;
  world.run(1_000);
  expect(world.at(0).errorMs()).toBeLessThan(1);
});

test('while at most one clock is wrong at a time, nobody\u2019s time is off by more than the bound, nor runs fast, nor goes back', () => {
  const strike = fc.record({
    who: fc.integer({ min: 0, max: 2 }),
    offMs: fc.integer({ min: -4_000_000, max: 4_000_000 }),
    forMs: fc.integer({ min: 100, max: 30_000 }),
    latencyMs: fc.integer({ min: 0, max: 40 }),
    cuts: fc.boolean(),
    restarts: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(strike, { minLength: 1, maxLength: 8 }), (strikes) => {
      const world = new World().run(1_000);
      for (const { who, offMs, forMs, latencyMs, cuts, restarts } of strikes) {
        const wrong = world.at(who);
        wrong.offMs = offMs;
        world.latencyMs = latencyMs;
        if (cuts) world.cut.add(world.at((who + 1) % 3));
        if (restarts) world.restart(who);
        const last = world.processes.map((process) => process.time.at(process.reading()));
        const sinceMs = world.nowMs;
        world.run(forMs);
        world.processes.forEach((process, at) => {
          const [before, after] = [last[at] ?? null, process.time.at(process.reading())];
          if (before === null || after === null) return;
          expect(after - before).toBeLessThanOrEqual((world.nowMs - sinceMs) * 1.001 + 1);
          expect(after - before).toBeGreaterThanOrEqual(0);
          expect(Math.abs(process.errorMs() ?? NaN)).toBeLessThanOrEqual(AGREEMENT_BOUND_MS);
        });
        world.at(who).offMs = 0;
        world.cut.clear();
        world.run(200);
      }
    }),
    { numRuns: 40 },
  );
});
