/** What the report says: ratios of all slices together and of each pair, what was not answered, and what makes a run fail. */
import { describe, expect, it } from '@jest/globals';
import type { Conserved } from '../load/conserved';
import type { ScenarioResult } from '../load/payment-scenario';
import { pacedOf } from './beside';
import type { ReadFigures } from './read-flow';
import { isWell, rateRatio, renderReads, type Figures, type PartReport, type ReadsReport } from './reads-report';

const conserved: Conserved = { conserved: true, incomplete: false, audit: 'all equal' };
const besides = { accounts: 36, readsPerSecond: 4 };

describe('payments at a steady pace', () => {
  it('have percentiles over all slices together, and count what was not committed', () => {
    const tookMs = Array.from({ length: 98 }, () => 10);
    const slices = [
      { tookMs, failed: [] },
      { tookMs: [40, 90], failed: ['failed NO_QUORUM'] },
    ];
    expect(pacedOf(slices)).toEqual({ payments: 100, p50Ms: 10, p95Ms: 10, p99Ms: 40, failed: { 'failed NO_QUORUM': 1 } });
  });

  it('are compared by p99: all slices together, and each pair', () => {
    const [slow, fast] = [paced(60), paced(40)];
    const pairs = [fast, slow].map((without) => ({ without, beside: slow }));
    const text = textOf({ kind: 'paced', ...besides, perSecond: 60, pairs, all: { without: paced(50), beside: slow }, reads: reads({}) });
    expect(text).toContain('p99 beside reads over without: 1.20 (all slices together; each pair: 1.50, 1.00)');
  });
});

describe('batches', () => {
  const pairs = [
    { without: result(4_000), beside: result(3_000) },
    { without: result(6_000), beside: result(6_500) },
  ];

  it('are compared by rate: a long slow slice weighs as much as it paid', () => {
    expect(rateRatio(pairs)).toBe(0.95);
    expect(textOf({ kind: 'batches', ...besides, pairs, reads: reads({}) })).toContain('0.95 (all slices together; each pair: 0.75, 1.08)');
  });

  it('show the reads beside them, and which were not answered', () => {
    const text = textOf({ kind: 'batches', ...besides, pairs, reads: reads({ unanswered: { 'unavailable MOMENT_GONE': 2 } }) });
    expect(text.split('\n').find((line) => line.includes('36 accounts, 4 a second'))).toMatch(/ 100 +1\.0 +9\.0 +12\.0 +2 × unavailable MOMENT_GONE$/);
  });
});

it('says into how many requests a read was cut', () => {
  const size = { ...besides, requests: 16, payments: result(4_000), reads: reads({}) };
  expect(textOf({ kind: 'saturated', sizes: [{ ...size, accounts: 1_000 }] })).toContain('1,000 accounts, 4 a second, in 16 requests each');
});

it('names legs and what was compared', () => {
  const text = textOf(past({}));
  expect(text).toContain('20,000 legs of one account, made at 3000 payments/s; Resource Managers restarted; 700 balances compared');
  expect(text).toContain('41 accounts in all buckets');
});

describe('a run is well', () => {
  it('when all was measured and answered rightly, and no money was lost', () => {
    expect(isWell(report({ parts: [part({ figures: past({}) })] }))).toBe(true);
  });

  it('not when an answer was wrong, which is named', () => {
    const wrong = reads({ wrong: ['at 5 they hold 1, and 2 was issued'] });
    const payments = result(4_000);
    const all: readonly Figures[] = [
      past({ first: wrong }),
      past({ then: wrong }),
      past({ circle: { ...wrong, accounts: 41 } }),
      { kind: 'batches', ...besides, pairs: [], reads: wrong },
      { kind: 'saturated', sizes: [{ ...besides, requests: 1, payments, reads: wrong }] },
    ];
    for (const figures of all) {
      const failed = report({ parts: [part({ figures })] });
      expect(isWell(failed)).toBe(false);
      expect(renderReads(failed)).toContain('WRONG: at 5 they hold 1, and 2 was issued');
    }
  });

  it('not when money was lost or not looked at, or something failed', () => {
    const lost = { audit: { ...conserved, conserved: false } };
    const wrong: readonly Partial<ReadsReport>[] = [lost, { audit: null }, { failure: 'rm2 ended with 1' }, { parts: [part({ failure: 'no answer' })] }];
    for (const lead of wrong) expect(isWell(report(lead))).toBe(false);
    expect(renderReads(report({ failure: 'rm2 ended with 1' }))).toContain('FAILED: rm2 ended with 1');
  });
});

function textOf(figures: Figures): string {
  return renderReads(report({ parts: [part({ figures })] }));
}

function report(lead: Partial<ReadsReport>): ReadsReport {
  const run = { storage: 'embedded', seconds: 10, seed: 1, loadAverage: [1, 1, 1], warmUp: null, peakMiB: { tm1: 200 } };
  return { ...run, parts: [part({})], audit: conserved, failure: null, ...lead };
}

function part(lead: Partial<PartReport>): PartReport {
  return { name: 'one', figures: null, failure: null, ...lead };
}

function past(lead: Partial<Extract<Figures, { readonly kind: 'past' }>>): Figures {
  const each = { first: reads({}), then: reads({}), circle: { ...reads({}), accounts: 41 } };
  return { kind: 'past', legs: 20_000, madePerSecond: 3_000, ...each, compared: 700, ...lead };
}

function reads(lead: Partial<ReadFigures>): ReadFigures {
  return { reads: 100, p50Ms: 1, p99Ms: 9, maxMs: 12, unanswered: {}, wrong: [], ...lead };
}

function paced(p99Ms: number): ReturnType<typeof pacedOf> {
  return { payments: 600, p50Ms: 10, p95Ms: 20, p99Ms, failed: {} };
}

function result(unitsPerSecond: number): ScenarioResult {
  return { name: 'one', unitsPerSecond, units: unitsPerSecond * 10, p50Ms: 100, p99Ms: 200, p999Ms: 200, maxMs: 200, aborted: 0, unknown: 0, usage: {} };
}
