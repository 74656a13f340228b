/** The figures that one looks for first. */
import type { LiveView } from '../../../src/api/views';
import { Fact } from '../parts/basics';
import { duration, ms, rate, whole } from '../format';

export function Headline({ view }: { readonly view: LiveView }) {
  const { figures, doubts, buckets } = view;
  const { now, inFlight, minute } = figures;
  const aborted = minute.aborted.reduce((sum, { count }) => sum + count, 0);
  const led = buckets.filter(({ leader }) => leader !== null).length;
  return (
    <dl class="headline" aria-label="Figures">
      <Fact name="Committed per second">{rate(now.committedPerSecond)}</Fact>
      <Fact name="Latency, p50">{ms(now.p50Ms)}</Fact>
      <Fact name="Latency, p99">{ms(now.p99Ms)}</Fact>
      <Fact name="Under way">{inFlight === null ? '\u2013' : whole(inFlight)}</Fact>
      <Fact name="Aborted in a minute">{whole(aborted)}</Fact>
      <Fact name="In doubt">{doubts === null ? '\u2013' : doubts.count === 0 ? '0' : `${whole(doubts.count)}, oldest ${duration(doubts.oldestMs)}`}</Fact>
      <Fact name="Groups led">{`${led} of ${buckets.length}`}</Fact>
    </dl>
  );
}
