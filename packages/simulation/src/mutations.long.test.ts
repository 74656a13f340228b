/** Every deliberate bug is caught within 2,000 seeds; the table says after how many. Needs the built packages. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const LIMIT_MS = 6 * 3_600_000;

test(
  'every mutation is caught',
  async () => {
    const output = await new Promise<string>((resolve, reject) => {
      const child = spawn(process.execPath, [join(__dirname, '../dist/mutations/main.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        process.stdout.write(chunk);
      });
      child.on('error', reject);
      child.on('exit', () => resolve(text));
    });
    expect(output).toMatch(/(\d+) of \1 mutations caught/);
  },
  LIMIT_MS,
);
