/** What the report says: ratios are taken within what was measured side by side, and what failed or was left out is named. */
import { describe, expect, it } from '@jest/globals';
import type { Conserved } from '../load/conserved';
import type { ScenarioResult } from '../load/payment-scenario';
import type { WarmUp } from '../load/warm-up';
import { isWell, medianP99Ratio, renderConditions, type ConditionReport, type Figures } from './conditions-report';
import type { PacedLoad, Restart } from './first-seconds';

const conserved: Conserved = { conserved: true, incomplete: false, audit: 'all equal' };
const warmUp: WarmUp = { payments: 60_000, seconds: 20, cpuMicros: [900, 400], steady: true };

describe('first seconds', () => {
  it('compares within a restart: one on a busier machine is slower in both, and moves no ratio', () => {
    expect(medianP99Ratio([restart(300, 100), restart(3_000, 1_000), restart(800, 200)])).toBe(3);
  });

  it('says what was not committed, and why', () => {
    const first = { ...paced(300), failed: { 'failed NO_QUORUM': 2 } };
    const text = textOf({ kind: 'first-seconds', perSecond: 60, restarts: [{ ...restart(300, 100), first }, restart(200, 100)] });
    expect(text).toContain('2 × failed NO_QUORUM');
    expect(text).toContain('p99 of the first seconds over warm: 2.00 (median of 2 restarts; each: 3.00, 2.00)');
  });
});

describe('a broken follower', () => {
  it('is compared with all up, and it is said how often it led after all', () => {
    const [whole, broken, wholeAgain] = [result(4_000, 800, 400), result(3_000, 1_200, 300), result(6_000, 600, 350)];
    const text = textOf({ kind: 'broken-follower', follower: 'rm3', warmUp, whole, broken, wholeAgain, left: 'SIGKILL', ledShare: 0.25, caughtUpMs: 2_500 });
    expect(text).toContain('broken over all up: p99 1.50, payments/s 0.75; over all up again: p99 2.00, payments/s 0.50');
    expect(text).toContain('it led something in 25 % of the looks');
    expect(text).toContain('caught up 2.5 s after');
  });

  it('is not compared where no batch ended in time', () => {
    const [whole, broken] = [result(4_000, 800, 400), result(0, 0, 0)];
    const text = textOf({ kind: 'broken-follower', follower: 'rm3', warmUp, whole, broken, wholeAgain: whole, left: 'SIGKILL', ledShare: 0, caughtUpMs: 1 });
    expect(text).toContain('broken over all up: no ratio');
    expect(text).not.toContain('p99 0.00');
  });
});

describe('sizes', () => {
  it('are compared with the smallest by CPU per payment of all processes, and those left out are named', () => {
    const sizes = [
      { accounts: 1_000, createdPerSecond: 1_500, warmUp, result: result(4_000, 800, 400) },
      { accounts: 10_000, createdPerSecond: 1_600, warmUp: { ...warmUp, steady: false }, result: result(2_000, 900, 500) },
    ];
    const lines = textOf({ kind: 'sizes', sizes, leftOut: [100_000, 1_000_000] }).split('\n');
    expect(lines.find((line) => line.startsWith('  1,000 '))?.split(/ +/)).toEqual(['', '1,000', '400', '1.00', '4000', '800.0', '1500', '60000', 'yes']);
    expect(lines.find((line) => line.startsWith('  10,000 '))?.split(/ +/)).toEqual(['', '10,000', '500', '1.25', '2000', '900.0', '1600', '60000', 'NO']);
    expect(lines).toContain('  left out: 100,000, 1,000,000 accounts (--accounts-up-to)');
  });
});

describe('a run is well', () => {
  it('when all was measured and no money was lost', () => expect(isWell(report([condition({})]))).toBe(true));
  it('not when money was lost, not looked at, or a condition failed', () => {
    for (const wrong of [{ audit: { ...conserved, conserved: false } }, { audit: null }, { failure: 'no C compiler' }]) {
      expect(isWell(report([condition({}), condition(wrong)]))).toBe(false);
    }
  });

  it('a failure stands beside the figures that there were', () => {
    const figures: Figures = { kind: 'first-seconds', perSecond: 60, restarts: [restart(300, 100)] };
    const text = renderConditions(report([condition({ figures, failure: 'rm2 ended with 1', audit: null })]));
    expect(text).toContain('over warm: 3.00');
    expect(text).toContain('FAILED: rm2 ended with 1');
    expect(text).not.toContain('money conserved');
  });
});

function textOf(figures: Figures): string {
  return renderConditions(report([condition({ figures })]));
}

function report(conditions: readonly ConditionReport[]): Parameters<typeof renderConditions>[0] {
  return { storage: 'embedded', seconds: 10, seed: 1, loadAverage: [1, 1, 1], conditions };
}

function condition(lead: Partial<ConditionReport>): ConditionReport {
  return { name: 'one', figures: null, peakMiB: { tm1: 200 }, audit: conserved, failure: null, ...lead };
}

function restart(firstP99Ms: number, warmP99Ms: number): Restart {
  return { readyMs: 2_000, first: paced(firstP99Ms), warmUp, warm: paced(warmP99Ms) };
}

function paced(p99Ms: number): PacedLoad {
  return { payments: 600, p50Ms: p99Ms / 10, p99Ms, failed: {} };
}

/** Ten seconds of it; the CPU is spread over two processes. */
function result(unitsPerSecond: number, p99Ms: number, cpuMicros: number): ScenarioResult {
  const units = unitsPerSecond * 10;
  const half = { cpuSeconds: (units * cpuMicros) / 2e6, peakMiB: 100 };
  return { name: 'one', unitsPerSecond, units, p50Ms: p99Ms / 2, p99Ms, p999Ms: p99Ms, maxMs: p99Ms, aborted: 0, unknown: 0, usage: { tm1: half, rm1: half } };
}
