/** docs/operate.md has every setting and option of `mas`, as `--help` has them. With MAS_UPDATE_DOCS=1 the tables there are written anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from './config/setting';
import { serverProgram, SETTINGS } from './program';
import { optionsTable, settingsTable } from './testing/settings-table';

const PAGE = resolve(__dirname, '../../../docs/operate.md');
const kept = { ...process.env };

beforeAll(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('MAS_') && name !== 'MAS_UPDATE_DOCS') delete process.env[name];
});
afterAll(() => void Object.assign(process.env, kept));

test.each([
  ['settings', settingsTable],
  ['options', optionsTable],
])('the table of %s in docs/operate.md is that of the program', (name, table) => {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)];
  const expected = `${page.slice(0, from)}\n${table()}\n${page.slice(to)}`;
  if (process.env['MAS_UPDATE_DOCS'] === '1') writeFileSync(PAGE, expected);
  else expect(page).toBe(expected);
});

test('what the table has of a setting stands in the help of its command', () => {
  for (const command of serverProgram().commands) {
    const settings: Settings = Object.entries(SETTINGS).find(([name]) => name === command.name())?.[1] ?? {};
    const help = command.helpInformation().replaceAll(/\s+/g, ' ');
    for (const { flag, variable, help: meaning } of Object.values(settings)) {
      expect(help).toContain(`--${flag} `);
      expect(help).toContain(`${meaning} (${variable};`.replaceAll(/\s+/g, ' '));
    }
  }
  expect(Object.keys(SETTINGS).every((name) => serverProgram().commands.some((command) => command.name() === name))).toBe(true);
});
