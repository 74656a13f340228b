/** A payment's way as lanes over time. The table below it says the same in words, so this is hidden from screen readers. */
import type { StepView } from '../../../src/api/views';
import { ms } from '../format';
import { Empty } from '../parts/basics';
import { lanesOf, type Span } from './lanes';

const TICKS = [0, 0.25, 0.5, 0.75, 1];
const MIN_SHARE = 0.012;

export function Timeline({ steps }: { readonly steps: readonly StepView[] }) {
  if (steps.length === 0) return <Empty>No timeline is kept of it any more; its outcome is final all the same.</Empty>;
  const { startMs, lastedMs, lanes } = lanesOf(steps);
  const whole = Math.max(lastedMs, 1);
  const share = (atMs: number): number => (atMs - startMs) / whole;
  const place = ({ fromMs, toMs }: Span): { left: string; width: string } => {
    const width = Math.max(share(toMs) - share(fromMs), MIN_SHARE);
    return { left: `${Math.min(share(fromMs), 1 - width) * 100}%`, width: `${width * 100}%` };
  };
  return (
    <div class="timeline" aria-hidden="true">
      {lanes.map(({ name, spans }) => (
        <div key={name} class="lane" data-lane={name}>
          <span class="lane-name">{name}</span>
          <span class="lane-track">
            {spans.map((span, at) => (
              <span
                key={at}
                class={`span ${span.phase} ${span.isOpen ? 'is-open' : ''}`}
                style={place(span)}
                title={`${span.name}${span.detail === '' ? '' : ` ${span.detail}`}: +${ms(span.fromMs - startMs)} to +${ms(span.toMs - startMs)}`}
              />
            ))}
          </span>
        </div>
      ))}
      <div class="lane axis">
        <span class="lane-name" />
        <span class="lane-track">
          {TICKS.map((tick) => (
            <span key={tick} class="tick" style={{ left: `${tick * 100}%` }}>
              {ms(tick * lastedMs)}
            </span>
          ))}
        </span>
      </div>
      <p class="keys">
        <span class="key prepare">prepare</span>
        <span class="key decide">decide</span>
        <span class="key tell">tell</span>
      </p>
    </div>
  );
}
