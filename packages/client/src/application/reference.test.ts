/** The reference in docs/ is that of the docstrings. With MAS_UPDATE_DOCS=1, or `npm run reference`, it is written anew. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../../..');
const NAME = 'client-reference.md';

function generate(...args: readonly string[]): void {
  execFileSync(process.execPath, [join(ROOT, 'packages/tooling/reference.mjs'), ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

test('the reference in docs/ is that of the docstrings', () => {
  if (process.env['MAS_UPDATE_DOCS'] === '1') generate();
  const folder = mkdtempSync(join(tmpdir(), 'mas-reference-test-'));
  try {
    generate('--destination', folder);
    expect(readFileSync(join(ROOT, 'docs', NAME), 'utf8')).toBe(readFileSync(join(folder, NAME), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
