/**
 * The console in a real Chromium before a live cluster: each view, a killed Resource Manager, a payment in doubt that an operator
 * resolves, a lock that he breaks. Four Resource Managers, four buckets of three replicas each: with RM 1 and RM 4 away, bucket 1
 * keeps a majority and bucket 3 has none.
 */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { numberIn } from './harness/names';
import { Bank } from './testing/bank';
import { everybodyIsUp, NARROW, pictured, Pages, WIDE } from './testing/browser';
import { ConsoleProcess } from './testing/console-process';

const OPERATOR = 'olga';
const PROMISED_MS = 2_000;
/** A busy machine may be late; what waits for a time-out is late each time. */
const KILLS = 3;

let cluster: Cluster;
let bank: Bank;
let door: ConsoleProcess;
let pages: Pages;
let payer = '';
let payee = '';

beforeAll(async () => {
  cluster = await Cluster.start({ rms: 4, buckets: 4 });
  bank = new Bank(cluster);
  [payer, payee] = [numberIn(cluster.placement, 3, 'payer'), numberIn(cluster.placement, 1, 'payee')];
  await bank.open([payer, payee]);
  [door, pages] = await Promise.all([ConsoleProcess.start(cluster), Pages.open()]);
});

afterEach(() => expect(pages.complaints).toEqual([]));

afterAll(async () => {
  await pages?.close();
  await door?.stop();
  await cluster?.stop();
});

const operator = (options: Parameters<Pages['signedIn']>[2] = {}): Promise<Page> => pages.signedIn(door.address, cluster.operatorToken(OPERATOR), options);

test('signing in with what is no token is refused, in words, and leads nowhere', async () => {
  const page = await pages.page(`${door.address}/#/locks`);
  await page.getByLabel('Token').fill('eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcGVyYXRvciJ9.AAAA');
  await page.getByRole('button', { name: 'Sign in' }).click();
  expect(await page.getByRole('alert').innerText()).toMatch(/not a token|refuses this token/);
  expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
  await page.context().close();
});

test('the cluster live: a killed Resource Manager is seen within two seconds, with what to do, and its leaders move', async () => {
  const page = await operator();
  await everybodyIsUp(page);
  expect(await page.locator('[data-bucket]').count()).toBe(5);
  const seenMs: number[] = [];
  for (let kill = 0; kill < KILLS && !seenMs.some((ms) => ms <= PROMISED_MS); kill += 1) {
    const victim = await cluster.leaderOf(1);
    const name = victim.name.replace('rm', 'rm-');
    await victim.kill();
    const killedMs = performance.now();
    await page.locator(`[data-node="${name}"][data-up="false"]`).waitFor();
    seenMs.push(performance.now() - killedMs);
    await page.locator(`[data-problem="node ${name}"]`, { hasText: 'Start it again' }).waitFor();
    await page.locator('[data-leader-changes]', { hasText: `bucket 1: ${name}` }).waitFor();
    victim.start();
    await victim.ready();
    await everybodyIsUp(page);
  }
  expect(Math.min(...seenMs)).toBeLessThanOrEqual(PROMISED_MS);
  await page.context().close();
});

test('an account with its running balance, its payment through both phases, and the search for either', async () => {
  const id = bank.mint(payer);
  expect((await bank.pay(payer, payee, 250n, { id, memo: 'rent' })).kind).toBe('committed');
  await bank.settled([payer, payee]);
  const page = await operator();
  await page.getByRole('searchbox').fill(payer);
  await page.getByRole('searchbox').press('Enter');
  await page.getByRole('heading', { name: `Account ${payer}` }).waitFor();
  expect(await page.locator('[data-balance]').innerText()).toBe('97.50 USD');
  const row = page.locator('tbody tr', { hasText: id });
  expect(await row.innerText()).toMatch(/committed\s+\u22122\.50 USD\s+97\.50\s+payee\d+\s+rent/);
  await row.getByRole('link', { name: id }).click();
  await page.getByRole('heading', { name: id }).waitFor();
  const { timeline } = await cluster.client().getPayment({ txn: (await bank.client.getPayment({ id })).txn, account: payer });
  expect(await page.locator('[data-step]').count()).toBe(timeline.length);
  expect(await page.locator('[data-lane]').allInnerTexts()).toEqual(['coordinator', 'bucket 1', 'bucket 3']);
  // Ids belong to who made the payment: this one's were made by another operator.
  await page.getByRole('searchbox').fill(id);
  await page.getByRole('searchbox').press('Enter');
  await page.getByText('you have made no payment under this id').waitFor();
  await page.context().close();
});

test('a payment in doubt: which home does not answer, and three clicks that end it under the operator’s name', async () => {
  await Promise.all(['rm1', 'rm4'].map((name) => cluster.process(name).kill()));
  const id = bank.mint(payer);
  const paid = bank.pay(payer, payee, 100n, { id }, cluster.client({ timeoutMs: 20_000 })).catch(() => null);
  const page = await operator();
  await page.getByRole('link', { name: 'In doubt' }).click();
  const doubt = page.locator('.doubt', { hasText: id }).filter({ hasText: payee });
  await doubt.waitFor();
  expect(await doubt.innerText()).toMatch(/1\.00 USD are reserved on payee\d+ in bucket 1/);
  await page.getByText(/^Buckets 3, 4 do not answer/).waitFor();
  expect(await doubt.innerText()).toContain('Home bucket 3 does not answer');
  await doubt.getByRole('button', { name: 'Resolve\u2026' }).click();
  await pictured(page, 'in-doubt');
  expect(await page.getByRole('dialog').innerText()).toContain(OPERATOR);
  // While he reads what he is about to do, the home comes back, and may decide by itself: he is told what it has recorded, and is in the record.
  await cluster.whole();
  await page.getByRole('button', { name: 'Resolve', exact: true }).click();
  await page.locator('[data-resolved="COMMITTED"], [data-resolved="ABORTED"]').waitFor();
  const said = await page.locator('[data-resolved]').getAttribute('data-resolved');
  await paid;
  await bank.settled([payer, payee]);
  const view = await bank.client.getPayment({ id });
  expect(view.state).toBe(said);
  expect(view.timeline.filter(({ step }) => step === 'forced').map(({ detail }) => detail)).toEqual([expect.stringContaining(OPERATOR)]);
  await page.context().close();
});

test('a lock is broken, after a question that can be answered with no', async () => {
  const { handle } = await cluster.client().acquireLock({ lockIds: [payer], timeoutMs: 3_600_000 });
  const page = await operator();
  await page.getByRole('link', { name: 'Locks' }).click();
  const row = page.locator(`[data-lock="${payer}"]`);
  await row.getByRole('button', { name: 'Break\u2026' }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await cluster.client().getLock(payer)).holders).toHaveLength(1);
  await row.getByRole('button', { name: 'Break\u2026' }).click();
  await page.getByRole('button', { name: 'Break it' }).click();
  await page.locator(`[data-broken="${payer}"]`).waitFor();
  await row.waitFor({ state: 'detached' });
  expect(await cluster.client().getLock(payer)).toMatchObject({ holders: [], lastBreak: { by: expect.stringContaining(OPERATOR) as unknown } });
  await expect(cluster.client().refreshLock([payer], handle)).rejects.toThrow();
  await page.context().close();
});

describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
  test.each([WIDE, NARROW])(
    'every view is readable at $width pixels: no rule of accessibility is broken, and nothing is wider than the page',
    async (viewport) => {
      const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
      const page = await operator({ viewport, colorScheme });
      const { txn } = await bank.pay(payer, payee, 1n);
      const { handle } = await cluster.client().acquireLock({ lockIds: [payee], timeoutMs: 3_600_000 });
      const views = [
        ['', 'Cluster'],
        ['accounts', 'Accounts'],
        [`accounts/${payer}`, `Account ${payer}`],
        [`payment?txn=${txn}&account=${payer}`, `{${payer}}`],
        ['doubts', 'In doubt'],
        ['locks', 'Locks'],
        ['search?q=nothing', 'nothing'],
      ] as const;
      for (const [view, heading] of views) {
        await page.goto(`${door.address}/#/${view}`);
        await page.locator('main h1', { hasText: heading }).waitFor({ state: 'attached' });
        if (view === 'locks') await page.locator(`[data-lock="${payee}"]`).waitFor();
        await page.evaluate(axe);
        expect({ view, problems: await page.evaluate(AXE_PROBLEMS) }).toEqual({ view, problems: [] });
        expect({ view, wider: await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth') }).toEqual({
          view,
          wider: false,
        });
      }
      await cluster.client().releaseLock([payee], handle);
      await page.context().close();
    },
  );
});

const AXE_PROBLEMS = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, any }) => html.slice(0, 160) + ' ' + (any[0]?.message ?? '')).join(' | ')))`;

test('by keyboard alone: to the content, to a view, and out', async () => {
  const page = await operator();
  await page.goto(`${door.address}/#/`);
  await everybodyIsUp(page);
  await page.reload();
  await everybodyIsUp(page);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  await page.getByRole('link', { name: 'Locks' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Locks' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Token').waitFor();
  await waitUntil('the session is over', async () => (await page.context().cookies()).length === 0);
  await page.context().close();
});
