/** `npm start` with its console in a real Chromium: payments go on while a Resource Manager is killed and started, from the page and from a terminal. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { freePort, freePorts, tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { everybodyIsUp, NARROW, pictured, Pages, WIDE } from './testing/browser';

const PROGRAM = join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js');
const START_TIMEOUT_MS = 300_000;

let folder: TempFolder;
let pages: Pages;
let demo: ChildProcess;
let output = '';

beforeAll(async () => {
  [folder, pages] = await Promise.all([tempFolder('mas-show'), Pages.open()]);
  const [tc, rm, gateway, console] = [await freePort(), await freePorts(3, 10), await freePort(), await freePort()];
  const ports = ['--tc-port', String(tc), '--rm-port', String(rm), '--gateway-port', String(gateway), '--console-port', String(console)];
  demo = spawn(process.execPath, [PROGRAM, 'demo', ...ports, '--folder', state(), '--certs', join(folder.path, 'certs')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  for (const stream of [demo.stdout, demo.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  await waitUntil('the show is over', () => output.includes('Ctrl-C stops everything'), { timeoutMs: START_TIMEOUT_MS, diagnostics: () => output });
});

afterAll(async () => {
  await pages?.close();
  if (demo?.exitCode === null) {
    demo.kill('SIGKILL');
    await new Promise((done) => demo.once('close', done));
  }
  await folder?.remove();
});

const state = (): string => join(folder.path, 'state');
const steer = (...args: readonly string[]): Promise<Ran> => run(process.execPath, [PROGRAM, 'demo', '--folder', state(), 'run', ...args]);

test('the printed address signs in once; a Resource Manager dies, leaders move, it comes back, and no payment fails', async () => {
  const address = /https:\/\/localhost:\d+\/#\/sign-in\?code=\S+/.exec(output)?.[0] ?? '';
  const page = await pages.page(address);
  await everybodyIsUp(page);
  expect(page.url()).not.toContain('code=');
  const stranger = await pages.page(address);
  expect(await stranger.getByRole('alert').innerText()).toContain('has been used');
  await stranger.context().close();

  const figure = async (name: string): Promise<number> => Number((await page.locator(`[data-figure="${name}"] dd`).innerText()).replace(',', ''));
  await page.getByRole('button', { name: /^Pay \d+ times a second$/ }).click();
  await waitUntil('payments go on', async () => (await figure('Committed')) > 10);
  await page.locator('[data-bucket="1"] [data-leader]', { hasText: /rm-\d/ }).waitFor();
  const leader = await page.locator('[data-bucket="1"] [data-leader]').innerText();
  await page.getByRole('button', { name: `Kill ${leader}` }).click();
  await page.locator(`[data-node="${leader}"][data-up="false"]`).waitFor();
  await page.locator('[data-leader-changes]', { hasText: `bucket 1: ${leader}` }).waitFor();
  const before = await figure('Committed');
  await waitUntil('payments go on without it', async () => (await figure('Committed')) > before + 10);
  await pictured(page, 'cluster-killed');
  await page.setViewportSize(NARROW);
  await page.emulateMedia({ colorScheme: 'dark' });
  await pictured(page, 'cluster-narrow-dark');
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByRole('button', { name: `Start ${leader}` }).click();
  await everybodyIsUp(page);

  // The same from a terminal.
  expect(await steer('kill', 'rm-2')).toMatchObject({ code: 0, stdout: 'rm-2: killed\n' });
  await page.locator('[data-node="rm-2"][data-up="false"]').waitFor();
  expect((await steer('status')).stdout).toMatch(/^rm-2 {2}stopped$/m);
  expect(await steer('kill', 'tc-1')).toMatchObject({ code: 2, stderr: expect.stringContaining('not for killing') as unknown });
  expect(await steer('start', 'rm-2')).toMatchObject({ code: 0, stdout: 'rm-2: started\n' });
  await everybodyIsUp(page);
  await page.getByRole('button', { name: 'Stop the payments' }).click();
  await waitUntil('all have an answer', async () => (await figure('Sent')) === (await figure('Committed')) + (await figure('Aborted')), {
    diagnostics: () => output,
  });
  expect(await figure('Failed')).toBe(0);
  expect(await figure('Aborted')).toBe(0);

  await page.getByRole('button', { name: 'One payment' }).click();
  await page.getByRole('link', { name: 'See its way through both phases' }).click();
  await page.locator('[data-step="ended"]').first().waitFor();
  await pictured(page, 'payment');
  const another = await pages.page((await steer('console')).stdout.trim());
  await another.getByRole('button', { name: 'Sign out' }).waitFor();
  expect(pages.complaints).toEqual([]);
});

test('it ends in order, with a process that was killed on purpose', async () => {
  expect(await steer('kill', 'rm-3')).toMatchObject({ code: 0 });
  const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));
  demo.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(output).not.toContain('did not end in order');
  expect(await steer('status')).toMatchObject({ code: 2, stderr: expect.stringContaining('no "npm start" is running here') as unknown });
});
