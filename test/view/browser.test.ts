import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { renderHtml } from '../../lib/view/html/html.ts';
import { task } from '../records.ts';
import { startBrowser } from './browser.ts';
import { contrasts } from './contrasts.ts';
import { everyOutcome, manyInstances, sampleReport } from './sample.ts';

const EVIL = '</script><script>document.title = "owned"</script><img src=x onerror=alert(1)>';

// Jest takes the names of tests before it runs any hook, so the browser is started here.
const browser = await startBrowser();
if (typeof browser === 'string') process.stderr.write(`Browser tests SKIPPED: ${browser}\n`);
const inBrowser = typeof browser === 'string' ? describe.skip : describe;
const title =
  typeof browser === 'string'
    ? `a report in a browser (skipped: ${browser})`
    : 'a report in a browser';
const folder = await mkdtemp(join(tmpdir(), 'task-janitor-report-'));
afterAll(async () => {
  if (typeof browser !== 'string') await browser.close();
  await rm(folder, { recursive: true, force: true });
});

inBrowser(title, () => {
  let page: Page;
  /** Complaints of the page, and requests for more than its own file: there must be none. */
  let trouble: string[];
  beforeEach(async () => {
    if (typeof browser === 'string') return;
    trouble = [];
    page = await browser.context.newPage();
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => {
      if (!request.isNavigationRequest()) trouble.push(request.url());
    });
  });
  afterEach(async () => {
    await page.close();
    expect(trouble).toEqual([]);
  });

  async function show(html: string): Promise<void> {
    const file = join(folder, 'report.html');
    await writeFile(file, html);
    await page.goto(pathToFileURL(file).href);
  }
  const column = (name: string) => page.locator(`#rows td[data-column=${name}]`).allTextContents();
  const shown = () => page.locator('#shown').textContent();

  test('shows the records by pages, the oldest first', async () => {
    await show(renderHtml(sampleReport()));
    expect(await shown()).toBe('records 1 to 100 of 2,000');
    const first = await column('ended');
    expect(first).toHaveLength(100);
    expect(first).toEqual([...first].sort());
    await page.click('#next');
    expect(await shown()).toBe('records 101 to 200 of 2,000');
    expect((await column('ended'))[0]?.localeCompare(first[99] as string)).toBe(1);
    await page.click('#last');
    expect(await shown()).toBe('records 1,901 to 2,000 of 2,000');
    expect(await page.isDisabled('#next')).toBe(true);
    // Records without a date come last.
    expect((await column('ended')).at(-1)).toBe('');
  });

  test('filters by text and by value, and forgets it again', async () => {
    await show(renderHtml(sampleReport()));
    await page.selectOption('#only-outcome', '=would go');
    await page.selectOption('#only-rule', '=failures-stay-longer');
    expect(new Set(await column('outcome'))).toEqual(new Set(['would go']));
    expect(new Set(await column('rule'))).toEqual(new Set(['failures-stay-longer']));
    expect(new Set(await column('status'))).toEqual(new Set(['FAILED']));
    await page.fill('#search', 'OPS-ann');
    expect(new Set(await column('user'))).toEqual(new Set(['ops-anna']));
    expect(await shown()).toMatch(/^records 1 to \d+ of \d+ \(of 2,000\)$/);
    await page.fill('#search', 'nobody has this');
    expect(await shown()).toBe('no records (of 2,000)');
    await page.click('button[type=reset]');
    await page.locator('#shown', { hasText: 'records 1 to 100 of 2,000' }).waitFor();
  });

  test('sorts by any column, both ways', async () => {
    await show(renderHtml(sampleReport()));
    for (const name of ['instance', 'id', 'name', 'status', 'user', 'outcome', 'reason']) {
      const heading = page.locator(`#rows th[data-column=${name}]`);
      await heading.locator('button').click();
      expect(await heading.getAttribute('aria-sort')).toBe('ascending');
      const [lowest] = await column(name);
      await heading.locator('button').click();
      expect(await heading.getAttribute('aria-sort')).toBe('descending');
      const [highest] = await column(name);
      expect({ name, ordered: (lowest as string) < (highest as string) }).toEqual({
        name,
        ordered: true,
      });
    }
  });

  test('sorts on a phone too, where the headings are not shown', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await show(renderHtml(sampleReport()));
    expect(await page.isVisible('#rows thead')).toBe(false);
    await page.selectOption('#sort', 'id');
    await page.selectOption('#order', 'descending');
    const ids = await column('id');
    expect(ids).toHaveLength(25);
    expect(ids).toEqual([...ids].sort().reverse());
  });

  test('shows as text what would be a script', async () => {
    const tasks = [task({ name: EVIL, user: EVIL })];
    const report = sampleReport({
      estate: { 'prod-cache': { [EVIL]: tasks } },
      change: (_name, summary) => {
        summary.outcome = 'failed';
        summary.errors.push({ taskId: 'one', message: EVIL });
      },
    });
    await show(renderHtml({ ...report, policyFile: { name: EVIL, text: `# ${EVIL}` } }));
    expect(await column('name')).toEqual([EVIL]);
    expect(await page.locator('h3').allTextContents()).toEqual([`${EVIL} failed`]);
    expect(await page.locator('pre').textContent()).toBe(`# ${EVIL}`);
    expect(await page.title()).toContain('task-janitor');
    expect(await page.locator('img').count()).toBe(0);
  });

  test('is let by its policy to load nothing and to run nothing else', async () => {
    await show(renderHtml(sampleReport({ estate: {} })));
    const asked = await page.evaluate(`(async () => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);
      return await fetch('https://example.invalid/').then(() => 'answered', () => 'refused');
    })()`);
    expect(asked).toBe('refused');
    expect(await page.title()).toContain('task-janitor');
    expect(
      trouble.filter((text) => text.includes('Content Security Policy')).length,
    ).toBeGreaterThan(1);
    trouble = trouble.filter((text) => !text.includes('Content Security Policy'));
  });

  test.each([1280, 390])('fits a screen of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    const long = 'x'.repeat(300);
    const tasks = [task({ name: long, user: long })];
    await show(renderHtml(sampleReport({ estate: { 'prod-cache': { [long]: tasks, b: 90 } } })));
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const clipped =
      await page.evaluate(`[...document.querySelectorAll('svg text')].filter((text) => {
      const { left, right } = text.getBoundingClientRect();
      return left < 0 || right > document.documentElement.clientWidth;
    }).map((text) => text.textContent)`);
    expect(clipped).toEqual([]);
  });

  test('finds every outcome by its filter, and what was the error', async () => {
    const report = sampleReport({ dryRun: false, outcome: everyOutcome });
    await show(renderHtml(report));
    const { deleted, alreadyGone, failed, kept } = report.summary.totals;
    const counts = {
      deleted,
      'already gone': alreadyGone,
      failed,
      kept,
      'held back': 183,
      remaining: 33,
    };
    for (const [outcome, count] of Object.entries(counts)) {
      await page.selectOption('#only-outcome', `=${outcome}`);
      expect(new Set(await column('outcome'))).toEqual(new Set([outcome]));
      expect(await shown()).toMatch(new RegExp(`of ${count} \\(of 2,000\\)$`));
    }
    await page.click('button[type=reset]');
    await page.click('.tile.is-failed a');
    expect(await shown()).toMatch(new RegExp(`of ${failed} \\(of 2,000\\)$`));
    const errors = await page.locator('#rows tr.error').allTextContents();
    expect(new Set(errors)).toEqual(
      new Set([
        'Task … is locked. (HTTP 500, DMS.00500000)',
        'The instance is busy. (HTTP 400, DCS.4957)',
      ]),
    );
    await page.fill('#search', 'instance is busy');
    expect(new Set(await page.locator('#rows tr.error').allTextContents()).size).toBe(1);
  });

  test('shows what was clicked at once, without waiting for anything', async () => {
    await show(renderHtml(sampleReport()));
    const shownAfterClick = (selector: string) =>
      page.evaluate(`document.querySelector('${selector}').click();
        document.getElementById('shown').textContent`);
    expect(await shownAfterClick('.tile.is-kept a')).toMatch(/\(of 2,000\)$/);
    expect(await shownAfterClick('button[type=reset]')).toBe('records 1 to 100 of 2,000');
    expect(await page.inputValue('#only-outcome')).toBe('');
  });

  test('leads from the name of an instance to its records', async () => {
    await show(renderHtml(sampleReport()));
    await page.click('.others a[data-value="prod-cache / staging"]');
    expect(await column('instance')).toEqual(['prod-cache / staging']);
  });

  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)(
    'has a contrast of 4.5 for every text at %i pixels, %s',
    async (width, colorScheme) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const warned = sampleReport({ dryRun: false, outcome: everyOutcome });
      const reports = [
        sampleReport({ options: ['--keep-for 7d'] }),
        { ...warned, summary: { ...warned.summary, warnings: ['look here'] } },
      ];
      for (const report of reports) {
        await show(renderHtml(report));
        await page.evaluate(
          'for (const each of document.querySelectorAll("details")) each.open = true',
        );
        const texts = (await page.evaluate(contrasts)) as { text: string; ratio: number }[];
        expect(texts.length).toBeGreaterThan(300);
        expect(texts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      }
    },
  );

  test.each([1280, 390])(
    'is usable at %i pixels with 1,000 instances and 5,000 records, and fits',
    async (width) => {
      await page.setViewportSize({ width, height: 900 });
      const html = renderHtml(manyInstances());
      expect(Buffer.byteLength(html)).toBeLessThan(8_000_000);
      await show(html);
      expect(await shown()).toContain('of 5,000');
      await page.evaluate(
        'for (const each of document.querySelectorAll("details")) each.open = true',
      );
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
        width,
      );
      expect(await page.locator('article').count()).toBeLessThanOrEqual(30);
      const rows = await page.locator('.others tbody tr').count();
      expect(rows + (await page.locator('article').count())).toBe(1_000);
    },
  );

  test('has a table of contents whose links lead to sections, with counts', async () => {
    await show(renderHtml(sampleReport({ dryRun: false, outcome: everyOutcome })));
    const entries = await page.locator('nav li').allTextContents();
    expect(entries).toEqual([
      'Totals',
      'Failures 128',
      'Reasons 6',
      'Records 2,000',
      'Policy',
      'prod-cache 3',
      'events 3',
      'mail 2',
    ]);
    const lost = await page.evaluate(
      `[...document.querySelectorAll('nav a')].filter(({ hash }) => !document.querySelector(hash)).length`,
    );
    expect(lost).toBe(0);
  });

  test('can be used with the keyboard alone, and each table has a caption', async () => {
    await show(renderHtml(sampleReport()));
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the records');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('search');
    await page.keyboard.type('staging');
    expect(await shown()).toBe('records 1 to 1 of 1 (of 2,000)');
    await page.focus('#rows th[data-column=id] button');
    await page.keyboard.press('Enter');
    expect(await page.getAttribute('#rows th[data-column=id]', 'aria-sort')).toBe('ascending');
    const bare = await page.evaluate(
      `[...document.querySelectorAll('table')].filter((table) => !table.caption?.textContent).length`,
    );
    expect(bare).toBe(0);
  });

  test('is printed on few pages where there are few instances', async () => {
    const estate = { 'prod-cache': { a: 40, b: 30 }, events: { c: 20 } };
    await show(renderHtml(sampleReport({ estate })));
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
    const pages = pdf.match(/\/Type \/Page\b(?!s)/g) ?? [];
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.length).toBeLessThanOrEqual(7);
  });

  test('draws the cut where the policy says', async () => {
    await show(renderHtml(sampleReport()));
    // Its place between the ticks of 50 days and of now.
    const age = await page.evaluate(`(() => {
      const plot = document.querySelector('.plot');
      const x = (element) => element.x1.baseVal.value;
      const ticks = [...plot.querySelectorAll('.tick')].map((tick) => [
        x(tick), tick.nextElementSibling.textContent,
      ]);
      const now = ticks.find(([, text]) => text === 'now')[0];
      const fifty = ticks.find(([, text]) => text === '50 d')[0];
      return (50 * (now - x(plot.querySelector('.cut')))) / (now - fifty);
    })()`);
    expect(age).toBeCloseTo(30, 0);
  });

  test('lists what would go where scripts are off', async () => {
    if (typeof browser === 'string') return;
    const withoutScripts = { javaScriptEnabled: false };
    const plain = await browser.context.browser()?.newContext(withoutScripts);
    if (!plain) throw new Error('the browser opens no other context');
    const report = sampleReport();
    await show(renderHtml(report));
    const without = await plain.newPage();
    await without.goto(page.url());
    expect(await without.locator('.gone tbody tr').count()).toBe(report.summary.totals.expired);
    expect(await without.isVisible('#interactive')).toBe(false);
    await plain.close();
  });

  test('stays quick with 50,000 records', async () => {
    await show(renderHtml(sampleReport({ estate: { 'prod-cache': { a: 30_000, b: 20_000 } } })));
    const begin = performance.now();
    await page.click('#rows th[data-column=id] button');
    await page.selectOption('#only-status', '=FAILED');
    await page.fill('#search', 'terraform');
    expect(await shown()).toContain('(of 50,000)');
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});
