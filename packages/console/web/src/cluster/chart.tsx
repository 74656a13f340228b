/** One uPlot chart, in the page's colours, as wide as there is room. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface Line {
  readonly name: string;
  /** Name of a custom property, without dashes. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly label: string;
  readonly unit: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

const HEIGHT = 170;
const MIN_SECONDS = 60;
const MAX_SECONDS = 300;
const MS = 1_000;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [times.map((atMs) => atMs / MS), ...lines.map(({ values }) => [...values])];
}

export function Chart({ label, unit, times, lines }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ times, lines });
  latest.current = { times, lines };

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element.clientWidth, unit, latest.current.lines), dataOf(latest.current.times, latest.current.lines), element);
    };
    draw();
    const resized = new ResizeObserver(() => {
      if (plot.current !== null && plot.current.width !== element.clientWidth) plot.current.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resized.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    addEventListener('themechange', draw);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', draw);
      removeEventListener('themechange', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [unit]);

  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines]);

  return (
    <figure class="chart">
      <figcaption>
        <strong>{label}</strong>
        {lines.map(({ name, colour: of }) => (
          <span key={name} class={`key ${of}`}>
            {name}
          </span>
        ))}
      </figcaption>
      <div ref={host} role="img" aria-label={`${label}: the last five minutes`} />
    </figure>
  );
}

function optionsOf(width: number, unit: string, lines: readonly Line[]): uPlot.Options {
  const axis = { stroke: colour('text-soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  const second = (at: number): string => new Date(at * MS).toLocaleTimeString([], { hour12: false });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: (_, min, max) => [max - Math.min(Math.max(max - min, MIN_SECONDS), MAX_SECONDS), max] },
      y: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.15)] },
    },
    axes: [
      { ...axis, size: 32, space: 90, values: (_, splits) => splits.map(second) },
      { ...axis, size: 58, values: (_, splits) => splits.map((value) => `${value}${unit}`) },
    ],
    series: [{}, ...lines.map(({ name, colour: of }) => ({ label: name, stroke: colour(of), width: 2, points: { show: false } }))],
  };
}
