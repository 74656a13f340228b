/** Payments per second, and how long they take: five minutes. */
import { useMemo } from 'preact/hooks';
import type { PointView } from '../../../src/api/views';
import { Chart } from './chart';

export function Charts({ points }: { readonly points: readonly PointView[] }) {
  const { times, rates, latencies } = useMemo(
    () => ({
      times: points.map(({ atMs }) => atMs),
      rates: [
        { name: 'committed', colour: 'good', values: points.map(({ committedPerSecond }) => committedPerSecond) },
        { name: 'aborted', colour: 'bad', values: points.map(({ abortedPerSecond }) => abortedPerSecond) },
      ],
      latencies: [
        { name: 'p50', colour: 'accent', values: points.map(({ p50Ms }) => p50Ms) },
        { name: 'p99', colour: 'wait', values: points.map(({ p99Ms }) => p99Ms) },
      ],
    }),
    [points],
  );
  return (
    <section class="panel charts" aria-label="Payments, the last five minutes">
      <Chart label="Payments per second" unit="" times={times} lines={rates} />
      <Chart label="Latency" unit=" ms" times={times} lines={latencies} />
    </section>
  );
}
