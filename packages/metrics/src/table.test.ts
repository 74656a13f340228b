/** docs/operate.md has every metric, as it is defined. With MAS_UPDATE_DOCS=1 the table there is written anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { metricsTable } from './testing/metrics-table';

const PAGE = resolve(__dirname, '../../../docs/operate.md');
const BEGIN = '<!-- metrics: begin -->';
const END = '<!-- metrics: end -->';

test('the table of metrics in docs/operate.md is that of the definitions', () => {
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  const expected = `${page.slice(0, from)}\n${metricsTable()}\n${page.slice(to)}`;
  if (process.env['MAS_UPDATE_DOCS'] === '1') writeFileSync(PAGE, expected);
  else expect(page).toBe(expected);
});
