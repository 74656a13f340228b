/** From thirty days before a certificate ends an operator who asks how the cluster is hears of it. */
import { rmId } from '@mas/values';
import { WELL } from '@mas/health';
import { certificateLines } from './certificate-lines';

const NOW_MS = Date.UTC(2030, 0, 1);
const DAY_MS = 86_400_000;

test('those that end within thirty days, and those that have ended, each with its process', () => {
  const node = (rm: number, days: number | null) => ({ rm: rmId(rm), condition: WELL, certificatesEndMs: days === null ? null : NOW_MS + days * DAY_MS });
  const lines = certificateLines({ coordinator: null, nodes: [node(1, 30), node(2, 29.5), node(3, 1.5), node(4, -1), node(5, null)] }, NOW_MS);
  expect(lines.map((line) => line.replace(/ on \S+, in/, ', in').replace(/: renew.*/, ''))).toEqual([
    'a certificate of rm-2 ends, in 29 days',
    'a certificate of rm-3 ends, in 1 day',
    expect.stringMatching(/^a certificate of rm-4 has ended on /),
  ]);
});
