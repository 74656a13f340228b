/** The command line, and what the report says: changes are taken within a turn, and what failed is named. */
import { describe, expect, it } from '@jest/globals';
import { parseWatched, WATCHED_USAGE } from './watched-bench';
import { changes, clusterCpuMicros, isWell, renderWatched, type ClusterPair, type Slice, type WatchedReport } from './watched-report';

const slice = (perSecond: number, cpuSeconds: number): Slice => ({
  units: 10_000,
  unitsPerSecond: perSecond,
  p50Ms: 10,
  p99Ms: 20,
  aborted: 0,
  unknown: 0,
  usage: { rm1: { cpuSeconds, peakMiB: 1 }, client: { cpuSeconds: 1_000, peakMiB: 1 } },
});
const conserved = { conserved: true, incomplete: false, audit: 'all equal' };
const warmUp = { payments: 60_000, seconds: 20, cpuMicros: [900, 400], steady: true };
const pair: ClusterPair = {
  warmUps: [warmUp, warmUp],
  // The second turn on a machine that is twice as slow.
  turns: [
    { plain: slice(4_000, 4), watched: slice(3_960, 4.04) },
    { plain: slice(2_000, 8), watched: slice(1_960, 8.24) },
    { plain: slice(4_000, 4), watched: slice(3_940, 4.08) },
  ],
  looks: null,
  audits: [conserved, conserved],
};
const report = (more: Partial<WatchedReport['watchers'][number]>): WatchedReport => ({
  storage: 'embedded',
  seconds: 10,
  seed: 1,
  loadAverage: [1, 1, 1],
  watchers: [{ name: 'metrics', seen: '8 scrapes', pairs: [pair], failure: null, ...more }],
});

describe('the report', () => {
  it('compares within a turn, and leaves out who measures', () => {
    expect(clusterCpuMicros(slice(4_000, 4))).toBe(400);
    expect(changes(pair.turns, clusterCpuMicros).map((one) => one.toFixed(4))).toEqual(['0.0100', '0.0200', '0.0300']);
    const text = renderWatched(report({}));
    expect(text).toContain('CPU of a payment +2.0 % (+1.0 % to +3.0 %)');
    expect(renderWatched(report({ pairs: [{ ...pair, looks: { count: 100, cpuMs: 16 } }] }))).toContain('16.00 ms of CPU (of 100); once a second, 1.00 %');
    expect(text).toContain('payments per second \u22121.5 % (\u22122.0 % to \u22121.0 %)');
  });

  it('names what failed, and is not well then, nor without an audit of both', () => {
    expect(isWell(report({}))).toBe(true);
    expect(isWell(report({ failure: 'nothing was scraped' }))).toBe(false);
    expect(renderWatched(report({ failure: 'nothing was scraped', pairs: [] }))).toContain('FAILED: nothing was scraped');
    expect(isWell(report({ pairs: [{ ...pair, audits: [conserved] }] }))).toBe(false);
  });
});

describe('the command line', () => {
  it('has an answer to everything that is not said', () => {
    const ground = { storage: 'embedded', seed: 1, durationMs: 10_000, warmUpPayments: null };
    expect(parseWatched([])).toEqual({ ground, only: null, times: 6, pairs: 3, json: false });
  });

  it.each([
    ['--seconds', '0'],
    ['--times', '0'],
    ['--pairs', '21'],
    ['--warm-up', 'much'],
    ['--seed', 'x'],
    ['--only', 'nothing'],
  ])('%s %s is refused', (...args) => {
    expect(() => parseWatched(args)).toThrow(WATCHED_USAGE);
  });

  it('half of the servers is refused', () => {
    expect(() => parseWatched(['--mysql'])).toThrow('together');
  });
});
