/** When a process says that it ails, when it no longer does, and that it always comes to that. */
import fc from 'fast-check';
import { describeVerdict } from './condition';
import { SelfJudge, type OwnSignals } from './self-judge';

const TICK_MS = 40;
const CALM: OwnSignals = { awakeMs: TICK_MS, stallMs: 0, oldestWriteMs: 0, storeFails: false, clockIsOff: false };

class Patient {
  readonly judge = new SelfJudge();
  nowMs = 0;

  /** The same signals for so long. */
  for(durationMs: number, signals: Partial<OwnSignals> = {}): this {
    for (let passed = 0; passed < durationMs; passed += TICK_MS) this.tick(signals);
    return this;
  }

  tick(signals: Partial<OwnSignals> = {}): this {
    this.nowMs += TICK_MS + (signals.stallMs ?? 0);
    this.judge.tick({ ...CALM, ...signals }, this.nowMs);
    return this;
  }

  /** fsync takes so long, again and again. */
  limpingDisk(durationMs: number, syncMs: number): this {
    for (let passed = 0; passed < durationMs; passed += TICK_MS) this.tick({ oldestWriteMs: passed % syncMs });
    return this;
  }

  flapping(times: number, frozenMs: number, awakeMs: number): this {
    for (let one = 0; one < times; one += 1) this.tick({ stallMs: frozenMs }).for(awakeMs);
    return this;
  }

  get says(): string {
    return describeVerdict(this.judge.condition);
  }
}

test.each<[string, (patient: Patient) => Patient, string]>([
  ['nothing at all', (p) => p, 'well'],
  ['a busy disk: fsyncs of 190 ms', (p) => p.limpingDisk(10_000, 190), 'well'],
  ['one slow fsync', (p) => p.for(280, { oldestWriteMs: 240 }), 'doubtful (disk)'],
  ['one slow fsync, two seconds ago', (p) => p.for(280, { oldestWriteMs: 240 }).for(2_000), 'well'],
  ['fsyncs of 500 ms, one second', (p) => p.limpingDisk(1_000, 500), 'ailing (disk)'],
  ['a disk that hangs', (p) => p.for(520, { oldestWriteMs: 5_000 }), 'ailing (disk)'],
  ['one stall, however long', (p) => p.tick({ stallMs: 30_000 }), 'doubtful (stall)'],
  ['stalls below 250 ms all the time', (p) => p.flapping(20, 240, 40), 'well'],
  ['three stalls in three seconds', (p) => p.flapping(3, 300, 300), 'doubtful (stall)'],
  ['three stalls, fourteen seconds ago', (p) => p.flapping(3, 300, 300).for(14_000), 'doubtful (stall)'],
  ['three stalls, fifteen seconds ago', (p) => p.flapping(3, 300, 300).for(15_000), 'well'],
  ['flapping: 300 ms frozen, 300 ms awake', (p) => p.flapping(4, 300, 300), 'ailing (stall)'],
  ['… and six seconds after its end', (p) => p.flapping(4, 300, 300).for(6_000), 'doubtful (stall)'],
  ['a stall every second', (p) => p.flapping(10, 450, 750), 'doubtful (stall)'],
  ['a write that waited while the process slept is not the disk’s fault', (p) => p.tick({ stallMs: 190, oldestWriteMs: 230 }), 'well'],
  ['one failed query', (p) => p.for(200, { storeFails: true }), 'doubtful (store)'],
  ['a database that is away', (p) => p.for(520, { storeFails: true }), 'ailing (store)'],
  ['a database that is away and a disk that hangs', (p) => p.for(520, { storeFails: true, oldestWriteMs: 900 }), 'ailing (disk, store)'],
  ['four seconds after the cure', (p) => p.for(520, { storeFails: true }).for(4_000), 'ailing (store)'],
  ['five seconds after the cure', (p) => p.for(520, { storeFails: true }).for(5_000), 'well'],
  ['a relapse: five seconds are not enough', (p) => p.for(520, { storeFails: true }).for(5_000).for(520, { storeFails: true }).for(5_000), 'ailing (store)'],
  ['… but ten are', (p) => p.for(520, { storeFails: true }).for(5_000).for(520, { storeFails: true }).for(10_000), 'well'],
  [
    'a relapse a minute and a half later is a new illness',
    (p) => p.for(520, { storeFails: true }).for(95_000).for(520, { storeFails: true }).for(5_000),
    'well',
  ],
])('%s', (_, course, says) => expect(course(new Patient()).says).toBe(says));

test('whatever was before, after a minute without trouble it is well', () => {
  const course = fc.record({
    forMs: fc.integer({ min: 40, max: 8_000 }),
    stallMs: fc.constantFrom(0, 0, 150, 300),
    oldestWriteMs: fc.constantFrom(0, 0, 250),
    storeFails: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(course, { maxLength: 40 }), (courses) => {
      const patient = new Patient();
      for (const { forMs, ...signals } of courses) patient.for(forMs, signals);
      expect(patient.for(60_040).says).toBe('well');
    }),
    { numRuns: 60 },
  );
});

test('between two times of being well there are never less than five seconds', () => {
  const course = fc.record({ forMs: fc.integer({ min: 40, max: 3_000 }), storeFails: fc.boolean() });
  fc.assert(
    fc.property(fc.array(course, { maxLength: 60 }), (courses) => {
      const patient = new Patient();
      let declaredMs: number | null = null;
      for (const { forMs, ...signals } of courses) {
        for (let passed = 0; passed < forMs; passed += TICK_MS) {
          const isAiling = patient.tick(signals).judge.condition.kind === 'ailing';
          if (isAiling) declaredMs ??= patient.nowMs;
          else if (declaredMs !== null) {
            expect(patient.nowMs - declaredMs).toBeGreaterThanOrEqual(5_000);
            declaredMs = null;
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});
