/** The text that Prometheus reads: what a definition says is there, with its type, unit and labels, and each scrape sees numbers of one moment. */
import { Durations } from '@mas/values';
import { definitionsFor } from './definition';
import { MetricsPage } from './page';
import { ALL_METRICS } from './testing/metrics-table';

interface Numbers {
  readonly requests: number;
  readonly queued: readonly (readonly [bucket: number, length: number])[];
  readonly times: Durations;
  readonly unknown: number | null;
}

const { gauge, counter, histogram, labelled } = definitionsFor<Numbers>();
const DEFINITIONS = [
  counter('t_requests_total', 'Requests', ({ requests }) => requests),
  labelled('gauge', 't_queued', ['bucket'], 'Waiting', ({ queued }) => queued.map(([bucket, value]) => ({ labels: [bucket], value }))),
  histogram('t_time_seconds', 'Times', ({ times }) => times),
  gauge('t_unknown', 'Not known', ({ unknown }) => unknown),
];

test('counters, labels, histograms in seconds; what is not known has no series', async () => {
  const times = new Durations();
  times.add(0.3);
  times.add(20_000);
  const page = new MetricsPage();
  page.add(
    DEFINITIONS,
    (): Numbers => ({
      requests: 7,
      queued: [
        [1, 3],
        [2, 0],
      ],
      times,
      unknown: null,
    }),
  );
  const text = await page.text();
  for (const line of [
    '# TYPE t_requests_total counter',
    't_requests_total 7',
    't_queued{bucket="1"} 3',
    't_queued{bucket="2"} 0',
    '# TYPE t_time_seconds histogram',
    't_time_seconds_bucket{le="0.00025"} 0',
    't_time_seconds_bucket{le="0.0005"} 1',
    't_time_seconds_bucket{le="10"} 1',
    't_time_seconds_bucket{le="+Inf"} 2',
    't_time_seconds_sum 20.0003',
    't_time_seconds_count 2',
    '# TYPE t_unknown gauge',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).not.toMatch(/^t_unknown /m);
});

test('series that are gone are gone, numbers are taken once for a text, and a text is made only so often', async () => {
  let nowMs = 0;
  let taken = 0;
  const page = new MetricsPage(() => nowMs);
  page.add(DEFINITIONS, (): Numbers => {
    taken += 1;
    return taken === 1
      ? { requests: 1, queued: [[1, 3]], times: new Durations(), unknown: 5 }
      : { requests: 2, queued: [], times: new Durations(), unknown: null };
  });
  const first = await page.text();
  expect(first).toContain('t_queued{bucket="1"} 3');
  expect(await page.text()).toBe(first);
  expect(taken).toBe(1);
  nowMs = 200;
  const second = await page.text();
  expect(taken).toBe(2);
  expect(second).toContain('t_requests_total 2');
  expect(second).not.toMatch(/t_queued\{|^t_unknown /m);
});

test('before there are numbers there are no series, and no error', async () => {
  const page = new MetricsPage();
  page.add(DEFINITIONS, () => null);
  expect(await page.text()).not.toMatch(/^t_/m);
});

test('names and units are those of the conventions', () => {
  const names = ALL_METRICS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, kind, help } of ALL_METRICS) {
    expect(name).toMatch(/^(?:mas|process|nodejs)_[a-z][a-z_]*[a-z]$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(name).not.toMatch(/_(?:ms|milliseconds|minutes|kib|mib)(?:_|$)/);
    if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/^[A-Z0-9]/);
    expect(help).not.toMatch(/[|\n]|\.$/);
  }
});
