/** A real Chromium without a window, and pages of the console in it. What a page complains about, or asks elsewhere, is kept. */
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { chromiumProgram } from '@mas/test-servers';

export const WIDE = { width: 1440, height: 1000 };
export const NARROW = { width: 390, height: 844 };
/** Only what hangs meets it. */
const PATIENCE_MS = 120_000;

export class Pages {
  /** Errors of scripts, refusals by the Content-Security-Policy, requests to others. */
  readonly complaints: string[] = [];

  private constructor(private readonly browser: Browser) {}

  static async open(): Promise<Pages> {
    // Memory files of a container may be small.
    return new Pages(await chromium.launch({ executablePath: chromiumProgram(), args: ['--disable-dev-shm-usage'], timeout: PATIENCE_MS }));
  }

  /** Someone new, with no cookie. */
  async page(address: string, options: BrowserContextOptions = {}): Promise<Page> {
    // It does not know the cluster's authority; that the certificate is right is asked without a browser.
    const context = await this.browser.newContext({ viewport: WIDE, ignoreHTTPSErrors: true, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const origin = new URL(address).origin;
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.complaints.push(`it asks ${request.url()}`);
    });
    page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
    page.on('console', (message) => {
      // A refused request is an error to the browser, and what some tests are about.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.complaints.push(message.text());
    });
    await page.goto(address);
    return page;
  }

  async signedIn(address: string, token: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.page(address, options);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    return page;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** For the documentation: where MAS_SCREENSHOTS names a folder, what is on the screen is put there. */
export async function pictured(page: Page, name: string): Promise<void> {
  const folder = process.env['MAS_SCREENSHOTS'] ?? '';
  if (folder !== '') await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** On the view of the cluster. Its processes may call themselves slow: the machine may be. */
export async function everybodyIsUp(page: Page): Promise<void> {
  await page.locator('[data-bucket]').first().waitFor();
  await page.locator('[data-up="false"]').first().waitFor({ state: 'detached' });
}
