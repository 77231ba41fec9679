import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseArchive } from '../../lib/policy/archive-place.ts';
import { loadPolicy, policyHash } from '../../lib/policy/load.ts';
import { policyText, problemsOf } from '../policies.ts';

describe('the place of an archive', () => {
  test.each([
    ['s3://bucket', { bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/a', { bucket: 'my.bucket-1', prefix: 'a' }],
    ['s3://bucket//a/b//', { bucket: 'bucket', prefix: 'a/b' }],
    ['s3://bucket/a ü/b', { bucket: 'bucket', prefix: 'a ü/b' }],
    ['./gone', { folder: './gone' }],
    ['/var/lib/task janitor', { folder: '/var/lib/task janitor' }],
    ['gone', { folder: 'gone' }],
    ['  gone', { folder: '  gone' }],
    ['./a:b', { folder: './a:b' }],
    ['/var/gone/s3:', { folder: '/var/gone/s3:' }],
    ['C:\\gone', { folder: 'C:\\gone' }],
    ['d:/gone', { folder: 'd:/gone' }],
  ])('%s', (text, place) => {
    expect(parseArchive(text)).toEqual(place);
  });

  test.each([
    's3:bucket',
    's3://',
    's3://UPPER',
    's3://ab',
    's3://-bucket',
    's3://bucket-',
    's3://bucket/a\u0000b',
    'S3://bucket',
    'https://bucket.s3.amazonaws.com',
    'file:///gone',
    'gs://bucket',
  ])('%j is none', (text) => {
    expect(() => parseArchive(text)).toThrow(
      'not the place of an archive; write s3://bucket/prefix (lower-case letters, digits, dots and hyphens), or the path of a folder',
    );
  });

  test.each(['', ' ', 'a\nb', '\u0000', 'a\u202eb'])('%j is no path', (text) => {
    expect(() => parseArchive(text)).toThrow(
      'not the path of a folder; write s3://bucket/prefix, or a path',
    );
  });

  test('is a key of the policy', () => {
    const policy = loadPolicy(policyText('keepFor: 30d', 'archive: s3://bucket/a'), 'p.yml');
    expect(policy.archive).toEqual({ bucket: 'bucket', prefix: 'a' });
    expect(loadPolicy(policyText('keepFor: 30d'), 'p.yml').archive).toBeUndefined();
    expect(problemsOf(policyText('keepFor: 30d', 'archive: gs://bucket'))[0]).toContain(
      'p.yml:2:10: archive: not the place of an archive',
    );
    expect(problemsOf(policyText('keepFor: 30d', 'archive: 5'))).toEqual([
      'p.yml:2:10: archive: expected s3://bucket/prefix, or the path of a folder, found the number 5',
    ]);
  });
});

describe('the hash of a policy', () => {
  const hash = (text: string) => policyHash(text, 'p.yml');
  const base = policyText(
    'keepFor: 30d\nlimits: { deletions: 5, deletePercent: 7 }',
    'dryRun: false',
  );

  test('is the SHA-256 of its canonical JSON', () => {
    const json =
      '{"targets":[{"cloud":"otc","keepFor":"30d","limits":{"deletePercent":7,"deletions":5},"name":"cache","region":"eu-de","service":"dcs"}],"version":1}';
    expect(hash(base)).toBe(createHash('sha256').update(json).digest('hex'));
  });

  test.each([
    ['a comment', `# hello\n${base}`],
    ['the order of keys', base.replace('version: 1\n', '').concat('version: 1\n')],
    [
      'another way to write it',
      base.replace('{ deletions: 5, deletePercent: 7 }', '{"deletePercent": 7, "deletions": 5}'),
    ],
    ['dryRun', base.replace('dryRun: false', 'dryRun: true')],
    ['an archive', `archive: ./gone\n${base}`],
    [
      'anchors, whatever they named before',
      base
        .replace('version: 1', 'version: &x 1')
        .replace('deletions: 5, deletePercent: 7', '<<: { deletions: &x 5 }, deletePercent: &x 7')
        .replace('keepFor: 30d', '<<: { keepFor: &x 30d, name: other }'),
    ],
  ])('does not change with %s', (_, text) => {
    expect(hash(text)).toBe(hash(base));
  });

  test.each([
    ['keepFor', base.replace('30d', '31d')],
    ['a limit', base.replace('deletions: 5', 'deletions: 6')],
    ['the service', base.replace('dcs', 'kafka')],
    [
      'the order of targets',
      `${base}  - { name: other, cloud: otc, service: dcs, region: eu-nl, keepFor: 1d }\n`,
    ],
  ])('changes with %s', (_, text) => {
    expect(hash(text)).not.toBe(hash(base));
  });
});

test.each([
  ['service: redis', 'did you mean dcs?'],
  ['service: Memcached', 'did you mean dcs?'],
  ['cloud: huawei', 'did you mean huaweicloud?'],
  ['cloud: T-Systems', 'did you mean otc?'],
])('%s gets a hint at the name that this program has for it', (line, hint) => {
  const [key = ''] = line.split(':');
  const text = policyText('keepFor: 30d').replace(new RegExp(`${key}: .*`), line);
  expect(problemsOf(text)[0]).toContain(hint);
});
