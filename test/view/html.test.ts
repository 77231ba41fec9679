import { createHash } from 'node:crypto';
import vm from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { counted } from '../../lib/model/summary.ts';
import { KEEP_REASONS } from '../../lib/policy/decide.ts';
import { describeCount, type FailureGroup } from '../../lib/view/failures.ts';
import { renderHtml } from '../../lib/view/html/html.ts';
import { REASONS } from '../../lib/view/html/overview.ts';
import { numberOf } from '../../lib/view/text.ts';
import { NOW, task } from '../records.ts';
import { everyOutcome, SAMPLE_POLICY, sampleReport } from './sample.ts';

const EVIL = `</script></style><script>alert("1")</script><!--'&`;

/** The text of the page, as a reader sees it. */
function textOf(html: string): string {
  return html
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, '')
    .replace(/\s+/g, ' ');
}

function embedded(html: string) {
  const [, json] =
    /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(html) ?? [];
  return JSON.parse(json as string);
}

describe('a report', () => {
  test('shows both equations of the run, of each target and of each instance', () => {
    const report = sampleReport({
      dryRun: false,
      change: (_name, summary) => {
        if (summary.expired < 10) return;
        summary.deleted -= 6;
        summary.failed = 3;
        summary.alreadyGone = 2;
        summary.remaining = 1;
      },
    });
    const { summary } = report;
    const found = [
      ...textOf(renderHtml(report)).matchAll(
        /([\d,]+) listed = ([\d,]+) kept \+ ([\d,]+) expired ([\d,]+) expired = ([\d,]+) deleted \+ ([\d,]+) already gone \+ ([\d,]+) failed \+ ([\d,]+) remaining/g,
      ),
    ].map((match) => match.slice(1).map((text) => Number(text.replaceAll(',', ''))));
    const numbers = (
      counts: typeof summary.totals | (typeof summary.targets)[0]['instances'][0],
    ) => [
      counts.listed,
      counts.kept,
      counts.expired,
      counts.expired,
      counts.deleted,
      counts.alreadyGone,
      counts.failed,
      counts.remaining,
    ];
    // The three instances without deletions have a row of a table.
    expect(found).toHaveLength(1 + 3 + 4);
    expect(found[0]).toEqual(numbers(summary.totals));
    for (const instance of summary.targets.flatMap(({ instances }) => instances)) {
      if (instance.deleted > 0) expect(found).toContainEqual(numbers(instance));
    }
    for (const [listed, kept, expired, , ...ended] of found as number[][]) {
      expect(listed).toBe((kept as number) + (expired as number));
      expect(expired).toBe(ended.reduce((sum, count) => sum + count, 0));
    }
  });

  test('holds every record with its decision', () => {
    const tasks = [
      task({ id: 'old', updatedAt: NOW - 40 * 86_400_000, name: 'A', user: undefined }),
      task({ id: 'failed', updatedAt: NOW - 100 * 86_400_000, status: 'FAILED', name: 'A' }),
      task({ id: undefined, updatedAt: undefined, malformed: true }),
    ];
    const policy = SAMPLE_POLICY.replace('keepLast: 5', 'keepLast: 0');
    const report = sampleReport({ policy, estate: { 'prod-cache': { sessions: tasks } } });
    const { instances, verdicts, texts, columns } = embedded(renderHtml(report));
    const rows = columns.id.map((id: string, row: number) => [
      instances[columns.instance[row]].join('/'),
      id,
      texts[columns.name[row]],
      texts[columns.status[row]],
      texts[columns.user[row]],
      columns.ended[row],
      ...verdicts[columns.verdict[row]],
    ]);
    const ago = (days: number) => NOW - days * 86_400_000;
    const where = 'prod-cache/sessions';
    expect(rows).toEqual([
      [where, 'old', 'A', 'SUCCESS', undefined, ago(40), 'would go', 'expired', ''],
      [
        where,
        'failed',
        'A',
        'FAILED',
        'ops-1',
        ago(100),
        'would go',
        'expired',
        'failures-stay-longer',
      ],
      [where, null, 'EXTEND', 'SUCCESS', 'ops-1', null, 'kept', 'no-timestamp', ''],
    ]);
  });

  test('shows reasons, failures with their messages, warnings, options and the policy', () => {
    const report = sampleReport({
      options: ['--keep-for 7d'],
      change: (name, summary) => {
        if (name !== 'orders-events') return;
        summary.outcome = 'failed';
        summary.stoppedBy = 'unavailable';
        summary.errors.push({
          taskId: 't1',
          status: 500,
          code: 'X.1',
          message: 'no luck',
          attempts: 5,
        });
        summary.errorsOmitted = 7;
      },
    });
    const [first, ...others] = report.summary.targets;
    const error = { code: 'forbidden', message: 'dcs:instance:list is missing' };
    const targets = [
      { ...(first as NonNullable<typeof first>), outcome: 'failed' as const, error },
      ...others,
    ];
    const text = textOf(
      renderHtml({ ...report, summary: { ...report.summary, targets, warnings: ['look here'] } }),
    );
    expect(text).toContain(
      '1 record failed: no luck (HTTP 500, X.1, 5 attempts) events / orders-events: task t1',
    );
    expect(text).toContain('and 7 more records');
    expect(text).toContain('1 target failed: dcs:instance:list is missing (forbidden)');
    expect(text).toContain('failed: stopped by unavailable');
    expect(text).toContain('look here');
    expect(text).toContain('this run had these options: --keep-for 7d');
    expect(text).toContain('Nothing was deleted');
    expect(text).toContain('keepFor: P30D # a month');
    expect(text).toMatch(/within-keep-last ?\d+ ?stays: it is among the newest/);
  });

  test('groups all failures that are the same, and not only the first ones of each instance', () => {
    const text = textOf(renderHtml(sampleReport({ dryRun: false, outcome: everyOutcome })));
    expect(text).toContain(
      '110 records failed: Task … is locked. (HTTP 500, DMS.00500000, 5 attempts)',
    );
    expect(text).toContain(
      '18 records failed: The instance is busy. (HTTP 400, DCS.4957, 1 attempt)',
    );
    expect(text).not.toMatch(/and \d+ more records/);
  });

  test('writes the number of failures as all others, which a terminal has without a comma', () => {
    const group: FailureGroup = {
      ...{ of: 'record', outcome: 'failed', count: 1_500, message: 'locked' },
      places: [],
    };
    expect(describeCount(group, numberOf)).toBe('1,500 records failed');
    expect(describeCount(group, counted)).toBe('1500 records failed');
  });

  test('says what a limit holds back, of a run and of a plan', () => {
    const name = 'prod-cache / prod-cart-with-a-rather-long-name-in-eu-west: 183 of 310 records';
    const run = textOf(renderHtml(sampleReport({ dryRun: false, outcome: everyOutcome })));
    expect(run).toContain('183 records on 1 instance had expired but were held back by a limit');
    expect(run).toContain(name);
    expect(run).toContain('Held back by a limit: nothing was deleted here.');
    const outcome = () => ({ outcome: 'held-back' as const });
    const estate = { 'prod-cache': { [name.split(/ \/ |:/)[1] as string]: 310 } };
    const plan = textOf(renderHtml(sampleReport({ outcome, estate })));
    expect(plan).toContain('183 records on 1 instance have expired but are held back');
    expect(plan).toContain('183 expired = 0 would go + 183 held back');
  });

  test('has a static list of what goes, up to 10,000 records', () => {
    const listIn = (html: string) => /<noscript>([\s\S]*?)<\/noscript>/.exec(html)?.[1] as string;
    const report = sampleReport();
    const rows = [...listIn(renderHtml(report)).matchAll(/<tr><td>/g)];
    expect(rows).toHaveLength(report.summary.totals.expired);
    const many = sampleReport({ estate: { events: { a: 15_000 } } });
    const list = listIn(renderHtml(many));
    expect([...list.matchAll(/<tr><td>/g)]).toHaveLength(10_000);
    const others = (many.summary.totals.expired - 10_000).toLocaleString('en');
    expect(list).toContain(`10,000 records, and ${others} more; --records FILE writes them all`);
  });

  test('has no failures and no warnings to show where there are none', () => {
    const text = textOf(renderHtml(sampleReport()));
    expect(text).not.toContain('Failures');
    expect(text).not.toContain('Warnings');
  });

  test('knows what every reason means', () => {
    expect(Object.keys(REASONS)).toEqual([...KEEP_REASONS, 'expired']);
  });
});

describe('what comes from the service', () => {
  const report = sampleReport({
    estate: {
      'prod-cache': { [EVIL]: [task({ id: EVIL, name: EVIL, user: EVIL, status: EVIL })] },
    },
    options: [`--task ${EVIL}`],
    change: (_name, summary) => summary.errors.push({ taskId: EVIL, code: EVIL, message: EVIL }),
  });
  const html = renderHtml({ ...report, policyFile: { name: EVIL, text: EVIL } });

  test('is text wherever it stands', () => {
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script/g)).toHaveLength(2);
    expect(html.match(/<\/style/g)).toHaveLength(1);
    expect(html).not.toContain('<!--');
    expect(embedded(html).texts).toContain(EVIL);
    expect(textOf(html)).toContain(
      '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;!--&#39;&amp;',
    );
  });

  test('cannot turn the direction of what follows', () => {
    const name = 'a\u202eb\u0000c\u200f';
    const turned = renderHtml(
      sampleReport({ estate: { 'prod-cache': { [name]: [task({ name })] } } }),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(turned).not.toMatch(/[\u202e\u0000\u200f]|\\u202e|\\u0000|\\u200f/);
    expect(embedded(turned).texts).toContain('a?b?c?');
  });
});

describe('the file', () => {
  const html = renderHtml(sampleReport());

  test('allows by its policy the style and the script that it holds, and nothing else', () => {
    const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
    const hash = (element: string) => {
      const [, text = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(html) ?? [];
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    };
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src ${hash('style')}`,
      `script-src ${hash('script')}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html).not.toMatch(/\sstyle=|\son\w+=/);
  });

  test('refers to nothing outside', () => {
    expect(html).not.toMatch(/\b(?:src|href|action)=(?!"#)|url\(|@import|https?:/);
  });

  test('has a script that is one', () => {
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(html) ?? [];
    expect(() => new vm.Script(script)).not.toThrow();
  });

  test('is below 10 MB with 50,000 records, and soon made', () => {
    const report = sampleReport({ estate: { 'prod-cache': { a: 30_000 }, events: { b: 20_000 } } });
    const begin = performance.now();
    const size = Buffer.byteLength(renderHtml(report));
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(size).toBeLessThan(10_000_000);
    expect(size).toBeGreaterThan(50_000 * 32);
  });

  test('is made also where there is nothing to show', () => {
    expect(textOf(renderHtml(sampleReport({ estate: {} })))).toContain('No record was listed');
  });
});
