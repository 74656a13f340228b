/** Throughput and the 99th percentile against users, as one SVG that stands by itself: users and milliseconds on logarithmic scales. */
import type { UsersPoint } from './user-load';

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 400, 70, 70, 40, 50];
const [RATE_COLOUR, LATENCY_COLOUR] = ['#1f6feb', '#b35900'];

type Scale = (value: number) => number;

export function usersCurve(points: readonly UsersPoint[], title: string): string {
  const x = logarithmic(
    points.map(({ users }) => users),
    LEFT,
    WIDTH - RIGHT,
  );
  const most = ceiling(Math.max(1, ...points.map(({ perSecond }) => perSecond)));
  const rate: Scale = (value) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP);
  const latencies = points.map(({ p99Ms }) => Math.max(0.1, p99Ms));
  const latency = logarithmic(
    [10 ** Math.floor(Math.log10(Math.min(...latencies))), 10 ** Math.ceil(Math.log10(Math.max(...latencies)))],
    HEIGHT - BOTTOM,
    TOP,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(WIDTH / 2, 20, escaped(title), 'middle', '#1f2328', 14),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      line(LEFT, rate(share * most), WIDTH - RIGHT, rate(share * most), '#d0d7de'),
      text(LEFT - 8, rate(share * most) + 4, (share * most).toFixed(0), 'end', RATE_COLOUR),
    ]),
    ...points.map(({ users }) => text(x(users), HEIGHT - BOTTOM + 18, users.toLocaleString('en'), 'middle', '#57606a')),
    text(WIDTH / 2, HEIGHT - 8, 'users', 'middle', '#57606a'),
    text(LEFT, TOP - 8, 'payments/s', 'middle', RATE_COLOUR),
    text(WIDTH - RIGHT, TOP - 8, 'p99, ms', 'middle', LATENCY_COLOUR),
    curve(
      points.map(({ users, perSecond }) => [x(users), rate(perSecond)]),
      RATE_COLOUR,
    ),
    curve(
      points.map(({ users }, at) => [x(users), latency(latencies[at] ?? 1)]),
      LATENCY_COLOUR,
    ),
    ...points.map(({ users }, at) => text(x(users) + 6, latency(latencies[at] ?? 1) - 6, (latencies[at] ?? 0).toFixed(0), 'start', LATENCY_COLOUR)),
    '</svg>\n',
  ].join('\n');
}

function logarithmic(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => from + (high === low ? 0.5 : (Math.log(value) - low) / (high - low)) * (to - from);
}

/** The next number with one digit that counts. */
function ceiling(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(value / unit) * unit;
}

function curve(points: readonly (readonly [number, number])[], colour: string): string {
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
  const dots = points.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" fill="${colour}"/>`);
  return [`<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`, ...dots].join('\n');
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`;
}

function text(x: number, y: number, content: string, anchor: string, colour: string, size = 12): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}" font-size="${size}">${content}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
