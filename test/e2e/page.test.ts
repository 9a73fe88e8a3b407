import { existsSync, mkdtempSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { Process, requireBuild, ROOT } from './processes';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) =>
  existsSync(path),
);
const describeWithChromium = CHROMIUM === undefined ? describe.skip : describe;
const PICTURES = process.env.SLACKWATER_PICTURES ?? mkdtempSync(join(tmpdir(), 'slackwater-page-'));

describeWithChromium('the page in headless Chromium', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'slackwater-page-data-'));
  let demo: Process;
  let browser: Browser;
  let page: Page;
  let address: string;
  const failures: string[] = [];

  beforeAll(async () => {
    requireBuild();
    if (!existsSync(join(ROOT, 'web/dist/index.html'))) throw new Error('the page is not built');
    mkdirSync(PICTURES, { recursive: true });
    demo = Process.start('cli.js', ['demo', '--vms', '60', '--days', '16'], {
      DATA_DIR: dataDir,
      HTTP_PORT: '0',
    });
    [, address] = await demo.says(/The page: (\S+)/, 120_000);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-background-networking', '--disable-gpu'],
    });
    page = await browser.newPage({ viewport: { width: 1360, height: 1000 } });
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('requestfailed', (request) => failures.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol !== 'data:' && hostname !== '127.0.0.1')
        failures.push(`outside: ${request.url()}`);
    });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.end('SIGINT');
  }, 60_000);

  it('shows tonight first: state, gain, fleet, models, and the next windows', async () => {
    await page.goto(address);
    await page.waitForSelector('h1');
    expect(await page.textContent('h1')).toMatch(/The night of \d{4}-\d\d-\d\d is published/);
    expect(await page.textContent('.lead')).toMatch(/\d+ of 60 VMs have windows/);
    expect(await page.locator('.figure .value').allTextContents()).toEqual(
      Array.from({ length: 4 }, () => expect.stringMatching(/^\d+\.\d\d %$/)),
    );
    await page.waitForSelector('.chart canvas');
    expect(await page.locator('.bar-row').count()).toBeGreaterThan(2);
    expect(await page.locator('section:has-text("Next windows") tbody tr').count()).toBe(12);
    expect(page.url()).not.toContain('token');
    await page.screenshot({ path: join(PICTURES, 'tonight.png') });
  });

  it('finds a VM by keyboard and shows its windows on the axis of its load, with reasons', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('vm-000017');
    await page.waitForSelector('.search li a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("vm-000017")');
    await page.waitForSelector('.chart canvas');
    expect(await page.locator('.window').count()).toBe(3);
    expect(await page.textContent('.window ul')).toContain('median load');
    await page.screenshot({ path: join(PICTURES, 'vm.png') });
  });

  it('excludes a VM at once and says why it has no window', async () => {
    await page.click('text=Exclude from migration');
    await page.waitForSelector('.pill.bad:has-text("excluded")');
    expect(await page.textContent('.notice strong')).toBe('No window');
    await page.click('text=Let Slackwater decide again');
    await page.waitForSelector('.window');
  });

  it('has a dark theme, asks for a token where it has none, and says what failed', async () => {
    await page.click('header button');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    await page.goto(`${address.replace(/#.*/, '')}#/`);
    await page.waitForSelector('h1');
    await page.screenshot({ path: join(PICTURES, 'tonight-dark.png') });
    await page.goto(`${address.replace(/#.*/, '')}#/vm/nobody`);
    await page.waitForSelector('.notice.failed');
    expect(await page.textContent('.notice.failed')).toContain("VM 'nobody' is unknown");
    const stranger = await browser.newPage();
    await stranger.goto(address.replace(/#.*/, ''));
    await stranger.waitForSelector('input[aria-label="Token"]');
    await stranger.fill('input[aria-label="Token"]', 'wrong-wrong-wrong-wrong-wrong');
    await stranger.keyboard.press('Enter');
    await stranger.waitForSelector('text=The token was not accepted');
    await stranger.close();
  });

  it('says of a night whose day is not over that nothing can be compared, and what to do', async () => {
    await page.goto(`${address.replace(/#.*/, '')}#/hindsight`);
    await page.waitForSelector('h1:has-text("Hindsight")');
    expect(await page.textContent('.notice.empty')).toContain('choose an earlier night');
    await page.screenshot({ path: join(PICTURES, 'hindsight.png') });
  });

  it('asked nothing of the internet and threw nothing', () => {
    expect(failures).toEqual([]);
  });
});
