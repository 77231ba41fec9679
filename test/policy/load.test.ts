import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Duration } from 'luxon';
import { stringify } from 'yaml';
import { loadPolicy } from '../../lib/policy/load.ts';
import { PolicyError } from '../../lib/policy/policy-error.ts';
import { policyText, problemsOf } from '../policies.ts';

/** What is said of a profile's name that may be a secret. */
const NO_PROFILE =
  'expected the name of a profile, of 1 to 100 characters without brackets, quotes, \\, % and =, found text';

const WHOLE = `
version: 1
dryRun: false
defaults:
  keepFor: P30D
  keepLast: 10
  statuses: [SUCCESS, FAILED]
  limits: { deletions: 5000, deletePercent: 95 }
targets:
  - name: prod-cache
    cloud: huaweicloud
    service: dcs
    region: eu-west-101
    projectId: 0b01fbb53600d4671fa8c00673c71260
    endpoint: https://dcs.example.com:8443/
    iamEndpoint: http://127.0.0.1:8080
    credentials: { secret: task-janitor/huawei }
    instances:
      include: [prod-*, 5560df16-cebf-4473-95c4-d1b573c16e79]
      exclude: [prod-canary]
    requests: { concurrency: 4, perSecond: 20, attempts: 3, timeout: PT20S }
    keepFor: P14D
    rules:
      - name: failures-stay-longer
        match: { statuses: [FAILED], tasks: [EXTEND, Update*], users: [ops-*] }
        keepFor: P90D
      - match: { tasks: [masterStandbySwapJob] }
        keep: forever
`;

describe('a policy that nothing is wrong with', () => {
  test('is read with every key', () => {
    expect(loadPolicy(WHOLE, 'p.yml')).toEqual({
      version: 1,
      dryRun: false,
      defaults: {
        keepFor: Duration.fromISO('P30D', { locale: 'en-US' }),
        keepLast: 10,
        statuses: ['SUCCESS', 'FAILED'],
        limits: { deletions: 5000, deletePercent: 95 },
      },
      targets: [
        {
          name: 'prod-cache',
          cloud: 'huaweicloud',
          service: 'dcs',
          region: 'eu-west-101',
          projectId: '0b01fbb53600d4671fa8c00673c71260',
          endpoint: 'https://dcs.example.com:8443',
          iamEndpoint: 'http://127.0.0.1:8080',
          credentials: { secret: 'task-janitor/huawei' },
          instances: {
            include: ['prod-*', '5560df16-cebf-4473-95c4-d1b573c16e79'],
            exclude: ['prod-canary'],
          },
          requests: { concurrency: 4, perSecond: 20, attempts: 3, timeout: 20_000 },
          keepFor: Duration.fromISO('P14D', { locale: 'en-US' }),
          rules: [
            {
              name: 'failures-stay-longer',
              match: { statuses: ['FAILED'], tasks: ['EXTEND', 'Update*'], users: ['ops-*'] },
              keepFor: Duration.fromISO('P90D', { locale: 'en-US' }),
            },
            { match: { tasks: ['masterStandbySwapJob'] }, keep: 'forever' },
          ],
        },
      ],
    });
  });

  test('only reports, and sends requests moderately, when it does not say', () => {
    const policy = loadPolicy(policyText('keepFor: 30d'), 'p.yml');
    expect(policy.dryRun).toBe(true);
    expect(policy.targets[0]?.requests).toEqual({ concurrency: 8, attempts: 5, timeout: 10_000 });
  });

  test('is frozen all the way down', () => {
    const { targets } = loadPolicy(WHOLE, 'p.yml');
    const parts = [targets, targets[0], targets[0]?.rules?.[0]?.match.tasks, targets[0]?.requests];
    expect(parts.every((part) => part !== undefined && Object.isFrozen(part))).toBe(true);
  });

  test('may name values once and use them again', () => {
    const text = `
version: 1
targets:
  - &first
    name: a
    cloud: otc
    service: dcs
    region: &region eu-de
    keepFor: &age 30d
    limits: &limits { deletions: 1 }
  - { name: b, cloud: otc, service: kafka, region: *region, keepFor: *age, limits: *limits }
`;
    expect(loadPolicy(text, 'p.yml').targets[1]).toMatchObject({
      region: 'eu-de',
      limits: { deletions: 1 },
    });
  });

  test('may merge what another target has', () => {
    const text = `
version: 1
targets:
  - &first
    name: a
    cloud: otc
    service: dcs
    region: eu-de
    keepFor: 30d
    keepLast: 5
    requests: &gentle { concurrency: 1, attempts: &few 2 }
  - { <<: *first, name: b, region: eu-nl, requests: { attempts: 3, <<: *gentle } }
  - <<: [{ name: c, keepLast: *few }, *first]
    service: kafka
`;
    const { targets } = loadPolicy(text, 'p.yml');
    const gentle = { concurrency: 1, attempts: 2, timeout: 10_000 };
    expect(targets).toMatchObject([
      { name: 'a', service: 'dcs', keepLast: 5, requests: gentle },
      { name: 'b', service: 'dcs', keepLast: 5, requests: { ...gentle, attempts: 3 } },
      { name: 'c', service: 'kafka', keepLast: 2, requests: gentle },
    ]);
  });

  test('is read from text with Windows line ends and a byte order mark', () => {
    const text = policyText('keepFor: 30d').replaceAll('\n', '\r\n');
    expect(problemsOf(`\uFEFF${text}`)).toEqual([]);
  });

  test.each([
    'endpoint: http://localhost:8080',
    'endpoint: http://127.9.9.9',
    'endpoint: http://[::1]:80/',
    'endpoint: https://[2001:db8::1]',
    'limits: {}',
    'limits: { deletions: 0, deletePercent: 0 }',
    'limits: { deletePercent: 0.1 }',
    'keepLast: 0',
    'requests: { concurrency: 256, perSecond: 0.1, attempts: 10, timeout: 5m }',
    'requests: { concurrency: 1, perSecond: 10000, attempts: 1, timeout: 1s }',
    'instances: { exclude: [a] }',
    'rules: []',
    'rules: [{ name: rule 1, match: { tasks: [a] }, keepFor: 0d }]',
  ])('%s is accepted', (key) => {
    expect(problemsOf(policyText(`keepFor: 30d\n${key}`))).toEqual([]);
  });

  test('CANCELLED may be selected where the service deletes it', () => {
    const text = policyText('keepFor: 30d\nstatuses: [CANCELLED]').replace('dcs', 'rocketmq');
    expect(problemsOf(text)).toEqual([]);
  });

  test('CANCELLED among the defaults is no mistake of a DCS target', () => {
    expect(problemsOf(policyText('keepFor: 30d', 'defaults: { statuses: [CANCELLED] }'))).toEqual(
      [],
    );
  });
});

describe('a target with lists', () => {
  const namesOf = (service: string, region: string, more = '') =>
    loadPolicy(
      policyText(`keepFor: 30d${more}`)
        .replace('service: dcs', `service: ${service}`)
        .replace('region: eu-de', `region: ${region}`),
      'p.yml',
    ).targets.map(({ name, projects }) => (projects ? [name, ...projects].join(' ') : name));

  test.each([
    ['dcs', 'eu-de', '', ['cache']],
    ['[dcs]', 'eu-de', '', ['cache/dcs']],
    ['dcs', '[eu-de, eu-nl]', '', ['cache/eu-de', 'cache/eu-nl']],
    [
      '[dcs, kafka]',
      '[eu-de, eu-nl]',
      '',
      ['cache/dcs/eu-de', 'cache/dcs/eu-nl', 'cache/kafka/eu-de', 'cache/kafka/eu-nl'],
    ],
    ['dcs', 'eu-de', '\nprojects: ["*"]', ['cache *']],
    [
      'dcs',
      '[eu-de, eu-nl]',
      '\nprojects: ["*_a", eu-nl, eu-de_b, "eu-nl_*"]',
      ['cache/eu-de *_a eu-de_b', 'cache/eu-nl *_a eu-nl eu-nl_*'],
    ],
    [
      'dcs',
      '[eu-west-1, eu-west-101]',
      '\nprojects: ["eu-west-1*"]',
      ['cache/eu-west-1 eu-west-1*', 'cache/eu-west-101 eu-west-1*'],
    ],
  ])('service %s, region %s%s: one for each combination', (service, region, more, expected) => {
    expect(namesOf(service, region, more)).toEqual(expected);
  });

  test('CANCELLED may be selected where one of the services deletes it', () => {
    expect(namesOf('[dcs, kafka]', 'eu-de', '\nstatuses: [CANCELLED]')).toHaveLength(2);
  });
});

describe('a file that is no policy', () => {
  const empty = 'p.yml:1:1: the policy is empty; write version and targets';
  test.each([
    ['', empty],
    ['\n\n', empty],
    ['# only a comment\n', empty],
    ['---\n', empty],
    ['~', empty],
    ['[1, 2]', 'p.yml:1:1: expected a mapping with version and targets, found a list'],
    ['hello', 'p.yml:1:1: expected a mapping with version and targets, found "hello"'],
    ['42', 'p.yml:1:1: expected a mapping with version and targets, found the number 42'],
    [
      'version: 1\n---\nversion: 1\n',
      'p.yml:2:1: a second document starts here; a policy is one document',
    ],
    ['a: "b', 'p.yml:1:6: not YAML: missing closing "quote'],
    ['version: 1\n\ttargets: []', 'p.yml:2:1: not YAML: tabs are not allowed as indentation'],
    ['a: b: c', 'p.yml:1:4: not YAML: nested mappings are not allowed in compact mappings'],
    ['version: !int 1', 'p.yml:1:10: not YAML: unresolved tag: !int'],
    ['version: !!binary MQ==', 'p.yml:1:10: not YAML: unresolved tag: tag:yaml.org,2002:binary'],
    ['? [a, b]\n: 1', 'p.yml:1:3: a key must be plain text'],
    ['version: 1\ntargets: *all', 'p.yml:2:10: this alias has no anchor above it'],
    [
      'version: 2\nfrobs: []',
      'p.yml:1:10: version: this program reads version 1, but the policy says 2',
    ],
  ])('%j', (text, message) => {
    expect(problemsOf(text)).toEqual([message]);
  });

  test('every mistake in the syntax is reported', () => {
    expect(problemsOf('a: !x 1\nb: !y 2\n')).toHaveLength(2);
  });

  test('a bomb of aliases is refused at once', () => {
    const level = (i: number) =>
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`;
    const text = ['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, i) => level(i + 1))];
    expect(problemsOf(text.join('\n'))).toEqual([
      'p.yml:1:1: its aliases stand for too much; write the values out',
    ]);
  });

  test('a bomb of merge keys is refused at once', () => {
    const level = (n: number) =>
      `a${n}: &a${n} { x: { <<: *a${n - 1} }, y: { <<: *a${n - 1} }, z: { <<: *a${n - 1} } }`;
    const levels = Array.from({ length: 30 }, (_, i) => level(i + 1));
    expect(problemsOf(['a0: &a0 { x: 1 }', ...levels].join('\n'))).toEqual([
      'p.yml:1:1: its aliases stand for too much; write the values out',
    ]);
  });

  test('an alias that leads in a circle is refused', () => {
    expect(problemsOf('version: 1\ntargets: &all [*all]')).toEqual([
      'p.yml:2:15: targets[0]: expected a mapping of name, cloud, service, region and more, found a list',
    ]);
  });

  test.each(['[', '{a: ', '- '])('nesting without end by %j is refused', (open) => {
    expect(problemsOf(open.repeat(20_000)).join('\n')).toContain('nested too deeply for a policy');
  });

  test('a %YAML 1.1 line does not change what values mean', () => {
    const text = `%YAML 1.1\n---\n${policyText('keepFor: 30d', 'dryRun: no')}`;
    expect(problemsOf(text)).toEqual(['p.yml:4:9: dryRun: expected true or false, found "no"']);
  });

  test('whatever the text, it is read or refused with a place in it', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom(...'aé:-?[]{},&*!|>\'"%@#~\n\t 1<'.split(''), '\n  ', '---\n'))
        .map((parts) => parts.join('')),
      fc.json(),
    );
    fc.assert(
      fc.property(text, (anything) => {
        expect(problemsOf(anything)[0]).toMatch(/^p\.yml:\d+:\d+: /);
      }),
      { numRuns: 2000 },
    );
  });

  test('whatever stands in place of a value, it is read or refused', () => {
    const places = ['version', 'dryRun', 'defaults', 'targets', 'target', 'match', 'requests'];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }), (place, value) => {
        const target: Record<string, unknown> = {
          name: 'a',
          cloud: 'otc',
          service: 'dcs',
          region: 'eu-de',
          keepFor: '1d',
          requests: place === 'requests' ? value : {},
          rules: [{ match: place === 'match' ? value : { tasks: ['a'] }, keep: 'forever' }],
        };
        const policy = { version: 1, targets: [place === 'target' ? value : target] };
        const text = stringify({ ...policy, ...(place in target ? {} : { [place]: value }) });
        expect(() => problemsOf(text)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a mistake is named with its place, its path and what was expected:', () => {
  const oneOf = 'dcs, dcs-v1, kafka, rabbitmq, rocketmq';
  const finished = 'expected SUCCESS, FAILED or CANCELLED, found';
  const forms = 'write ISO 8601 such as P30D or PT12H, or a whole number with h, d or w';
  const bare =
    'not the URL of a server; write https://host or https://host:port, without user, path or query';
  const bound = '"10m" is not between 1 second and 5 minutes';

  // One line each, in a target that nothing else is wrong with; it stands on line 7, indented by 4.
  test.each([
    ['keepfor: 1d', '7:5: targets[0].keepfor: unknown key; did you mean keepFor?'],
    ['keep_last: 1', '7:5: targets[0].keep_last: unknown key; did you mean keepLast?'],
    ['hours: 12', '7:5: targets[0].hours: unknown key'],
    ['toString: 1', '7:5: targets[0].toString: unknown key'],
    ['__proto__: 1', '7:5: targets[0].__proto__: unknown key'],
    ['"a b": 1', '7:5: targets[0]["a b"]: unknown key'],
    ['"": 1', '7:5: targets[0][""]: unknown key'],
    ['"\\e[31m": 1', '7:5: targets[0]["\\u001b[31m"]: unknown key'],
    ['"<<": { keepLast: 1 }', '7:5: targets[0].<<: unknown key'],
    [
      '<<: { keepLast: -1 }',
      '7:21: targets[0].keepLast: expected a whole number, 0 or more, found the number -1',
    ],
    ['<<: { keep_last: 1 }', '7:11: targets[0].keep_last: unknown key; did you mean keepLast?'],
    ['<<:', '7:8: << merges a mapping, such as *name, or a list of mappings'],
    ['<<: 30d', '7:9: << merges a mapping, such as *name, or a list of mappings'],
    ['<<: [{}, a]', '7:14: << merges a mapping, such as *name, or a list of mappings'],
    ['<<: {}\n<<: {}', '8:5: targets[0].<<: this mapping has the key already; leave one out'],
    ['limits: &a { <<: *a }', '7:22: this merges a mapping into itself'],
    ['dryRun: true', '7:5: targets[0].dryRun: unknown key; it belongs under the top level'],
    ['include: [a]', '7:5: targets[0].include: unknown key; it belongs under instances'],
    ['keepLast: "10"', '7:15: targets[0].keepLast: expected a whole number, 0 or more, found "10"'],
    [
      'keepLast: -1',
      '7:15: targets[0].keepLast: expected a whole number, 0 or more, found the number -1',
    ],
    [
      'keepLast: 1.5',
      '7:15: targets[0].keepLast: expected a whole number, 0 or more, found the number 1.5',
    ],
    [
      'keepLast: .nan',
      '7:15: targets[0].keepLast: expected a whole number, 0 or more, found the number NaN',
    ],
    [
      'keepLast: {}',
      '7:15: targets[0].keepLast: expected a whole number, 0 or more, found a mapping',
    ],
    [
      'keepLast:',
      '7:14: targets[0].keepLast: expected a whole number, 0 or more, found null; write a number, or leave the key out',
    ],
    [
      'statuses: []',
      '7:15: targets[0].statuses: expected a list of SUCCESS, FAILED or CANCELLED, found an empty list; an empty list would match nothing',
    ],
    [
      'statuses: FAILED',
      '7:15: targets[0].statuses: expected a list of SUCCESS, FAILED or CANCELLED, found "FAILED"',
    ],
    [
      'statuses: [FAILED, FAILED]',
      '7:24: targets[0].statuses[1]: FAILED is in the list already; leave it out',
    ],
    [
      'statuses: [CANCELLED]',
      '7:16: targets[0].statuses[0]: dcs does not delete CANCELLED records; write SUCCESS or FAILED',
    ],
    ...['CREATED', 'WAITING', 'EXECUTING'].map((status) => [
      `statuses: [${status}]`,
      `7:16: targets[0].statuses[0]: ${finished} "${status}"; the record of a running task is never deleted`,
    ]),
    [
      'statuses: [DELETED]',
      `7:16: targets[0].statuses[0]: ${finished} "DELETED"; such a record is deleted already`,
    ],
    [
      'statuses: [Success]',
      `7:16: targets[0].statuses[0]: ${finished} "Success"; did you mean SUCCESS?`,
    ],
    [
      'statuses: [null]',
      `7:16: targets[0].statuses[0]: ${finished} null; write a value, or leave the item out`,
    ],
    [
      'limits: { deletions: null }',
      '7:26: targets[0].limits.deletions: expected a whole number, 0 or more, found null; write a number, or leave the key out',
    ],
    [
      'limits: { deletePercent: ~ }',
      '7:30: targets[0].limits.deletePercent: expected a number from 0 to 100, found null; write a number, or leave the key out',
    ],
    [
      'limits: { deletePercent: 101 }',
      '7:30: targets[0].limits.deletePercent: expected a number from 0 to 100, found the number 101',
    ],
    [
      'limits: { deletePercent: .inf }',
      '7:30: targets[0].limits.deletePercent: expected a number from 0 to 100, found the number Infinity',
    ],
    ['limits: { percent: 0 }', '7:15: targets[0].limits.percent: unknown key'],
    [
      'limits:',
      '7:12: targets[0].limits: expected a mapping of deletions and deletePercent, found null; write a value, or leave the key out',
    ],
    ['keep: forever', '7:11: targets[0].keep: cannot be used together with keepFor; leave one out'],
    [
      'projectId: 123',
      '7:16: targets[0].projectId: expected a project id of up to 64 letters, digits, - and _, found the number 123; put it in quotes',
    ],
    [
      `projectId: ${'/'.repeat(60)}`,
      `7:16: targets[0].projectId: expected a project id of up to 64 letters, digits, - and _, found "${'/'.repeat(60)}"`,
    ],
    [
      `projectId: ${'/'.repeat(61)}`,
      '7:16: targets[0].projectId: expected a project id of up to 64 letters, digits, - and _, found text of 61 characters',
    ],
    [
      'projectId: a/b',
      '7:16: targets[0].projectId: expected a project id of up to 64 letters, digits, - and _, found "a/b"',
    ],
    [
      'endpoint: 7',
      '7:15: targets[0].endpoint: expected a URL such as https://dcs.example.com, found the number 7',
    ],
    ['endpoint: dcs.example.com', `7:15: targets[0].endpoint: ${bare}`],
    ['endpoint: https://u:p@example.com', `7:15: targets[0].endpoint: ${bare}`],
    ['endpoint: https://example.com/v1', `7:15: targets[0].endpoint: ${bare}`],
    ['endpoint: "https://example.com?"', `7:15: targets[0].endpoint: ${bare}`],
    ['endpoint: "https://example.com#a"', `7:15: targets[0].endpoint: ${bare}`],
    ['endpoint: ftp://example.com', `7:15: targets[0].endpoint: ${bare}`],
    ['endpoint: https://exa mple', `7:15: targets[0].endpoint: ${bare}`],
    ['endpoint: https://a:99999', `7:15: targets[0].endpoint: ${bare}`],
    [
      'endpoint: http://example.com',
      '7:15: targets[0].endpoint: http is for loopback addresses only; write https',
    ],
    [
      'endpoint: http://127.0.0.1.example.com',
      '7:15: targets[0].endpoint: http is for loopback addresses only; write https',
    ],
    [
      'iamEndpoint: http://10.0.0.1',
      '7:18: targets[0].iamEndpoint: http is for loopback addresses only; write https',
    ],
    [
      'credentials: AK:SK',
      '7:18: targets[0].credentials: expected a mapping of secret, env, profile and agency, found text',
    ],
    [
      'credentials: 12345',
      '7:18: targets[0].credentials: expected a mapping of secret, env, profile and agency, found a number',
    ],
    [
      'credentials: { secret: "" }',
      '7:28: targets[0].credentials.secret: expected the name or ARN of a secret, of letters, digits and / _ + = . @ : -, found text',
    ],
    [
      'credentials: {}',
      '7:18: targets[0].credentials: does not say where the credentials are; write secret, env, profile or agency, or leave credentials out',
    ],
    [
      'credentials: { env: PROD, secret: a }',
      '7:25: targets[0].credentials.env: cannot be used together with secret; leave one out',
    ],
    [
      `credentials: { secret: '{"accessKey":"mine","secretKey":"hunter2"}' }`,
      '7:28: targets[0].credentials.secret: expected the name or ARN of a secret, of letters, digits and / _ + = . @ : -, found text',
    ],
    [
      `credentials: { profile: '{"accessKey":"mine","secretKey":"hunter2"}' }`,
      `7:29: targets[0].credentials.profile: ${NO_PROFILE}`,
    ],
    [
      `credentials: { profile: '[{"accessKey":"mine","secretKey":"hunter2"}]' }`,
      `7:29: targets[0].credentials.profile: ${NO_PROFILE}`,
    ],
    [
      'credentials: { profile: "\'{accessKey:mine}\'" }',
      `7:29: targets[0].credentials.profile: ${NO_PROFILE}`,
    ],
    [
      'credentials: { profile: "%7B%22accessKey%22%3A%22mine" }',
      `7:29: targets[0].credentials.profile: ${NO_PROFILE}`,
    ],
    [
      'credentials: { agency: { domain: "{\\"a\\":1}", name: a } }',
      '7:38: targets[0].credentials.agency.domain: holds JSON; write a name',
    ],
    [
      'credentials: { agency: { domain: "  [ \\"secret\\"]", name: a } }',
      '7:38: targets[0].credentials.agency.domain: holds JSON; write a name',
    ],
    [
      'credentials: { env: PROD-1 }',
      '7:25: targets[0].credentials.env: expected a prefix such as PROD, of letters, digits and _, found text',
    ],
    [
      'credentials: { agency: { domain: acme } }',
      '7:28: targets[0].credentials.agency.name: missing; write the name of the agency',
    ],
    ['credentials: { profile: "" }', `7:29: targets[0].credentials.profile: ${NO_PROFILE}`],
    [
      `credentials: { profile: ${'p'.repeat(101)} }`,
      `7:29: targets[0].credentials.profile: ${NO_PROFILE}`,
    ],
    [
      'credentials: { secret: }',
      '7:28: targets[0].credentials.secret: expected the name or ARN of a secret, of letters, digits and / _ + = . @ : -, found null; write a value, or leave the key out',
    ],
    [
      'instances: [a]',
      '7:16: targets[0].instances: expected a mapping of include and exclude, found a list',
    ],
    [
      'instances: { include: [] }',
      '7:27: targets[0].instances.include: expected a list of ids or names of instances, found an empty list; an empty list would match nothing',
    ],
    [
      'instances: { include: [""] }',
      '7:28: targets[0].instances.include[0]: expected the id or name of an instance, found ""',
    ],
    [
      'instances: { include: [7] }',
      '7:28: targets[0].instances.include[0]: expected the id or name of an instance, found the number 7; put it in quotes',
    ],
    [
      'instances: { exclude: ["a{b"] }',
      '7:28: targets[0].instances.exclude[0]: "a{b" is not a pattern: a { is not closed; write [{] for the character',
    ],
    [
      'instances: { include: ["[b-a]"] }',
      '7:28: targets[0].instances.include[0]: "[b-a]" is not a pattern: the range b-a runs backwards',
    ],
    [
      'instances: { include: ["[b-a]; c; d"] }',
      '7:28: targets[0].instances.include[0]: "[b-a]; c; d" is not a pattern: the range b-a runs backwards',
    ],
    [
      'requests: { concurrency: 0 }',
      '7:30: targets[0].requests.concurrency: expected a whole number from 1 to 256, found the number 0',
    ],
    [
      'requests: { perSecond: 0 }',
      '7:28: targets[0].requests.perSecond: expected a number above 0, up to 10000, found the number 0',
    ],
    [
      'requests: { attempts: 11 }',
      '7:27: targets[0].requests.attempts: expected a whole number from 1 to 10, found the number 11',
    ],
    ['requests: { timeout: 10m }', `7:26: targets[0].requests.timeout: ${bound}`],
    [
      'requests: { timeout: 10 }',
      '7:26: targets[0].requests.timeout: expected a duration such as 10s or PT10S, found the number 10',
    ],
    [
      'requests: { timeout: soon }',
      '7:26: targets[0].requests.timeout: "soon" is not a duration; write ISO 8601 such as PT15M, or a whole number with s, m, h or d',
    ],
    [
      'rules: [{ keepFor: 1d }]',
      '7:13: targets[0].rules[0].match: missing; write a mapping of statuses, tasks and users',
    ],
    [
      'rules: [{ match: {}, keepFor: 1d }]',
      '7:22: targets[0].rules[0].match: does not say which records it matches; write statuses, tasks or users',
    ],
    [
      'rules: [all]',
      '7:13: targets[0].rules[0]: expected a mapping of match and keepFor, or of match and keep, found "all"',
    ],
    [
      'rules: [{ match: { tasks: [a] }, keepfor: 1d }]',
      '7:38: targets[0].rules[0].keepfor: unknown key; did you mean keepFor?',
    ],
    [
      'rules: [{ match: { task: [a] }, keepFor: 1d }]',
      '7:24: targets[0].rules[0].match.task: unknown key; did you mean tasks?',
    ],
    [
      'rules: [{ tasks: [a], match: { users: [a] }, keepFor: 1d }]',
      '7:15: targets[0].rules[0].tasks: unknown key; it belongs under match',
    ],
    [
      'rules: [{ match: { tasks: [a, "[b"] }, keepFor: 1d }]',
      '7:35: targets[0].rules[0].match.tasks[1]: "[b" is not a pattern: a [ is not closed; write [[] for the character',
    ],
    [
      'rules: [{ match: { tasks: ["EXTEND\\n"] }, keep: forever }]',
      '7:32: targets[0].rules[0].match.tasks[0]: holds a line break; write it on one line, without | or >',
    ],
    [
      'rules: [{ match: { users: ["a\\rb"] }, keep: forever }]',
      '7:32: targets[0].rules[0].match.users[0]: holds a line break; write it on one line, without | or >',
    ],
    [
      'projectId: "a\\n"',
      '7:16: targets[0].projectId: expected a project id of up to 64 letters, digits, - and _, found "a\\n"',
    ],
    [
      'rules: [{ match: { users: [] }, keepFor: 1d }]',
      '7:31: targets[0].rules[0].match.users: expected a list of names of users, found an empty list; an empty list would match nothing',
    ],
    [
      'rules: [{ match: { statuses: [CANCELLED] }, keepFor: 1d }]',
      '7:35: targets[0].rules[0].match.statuses[0]: dcs does not delete CANCELLED records; write SUCCESS or FAILED',
    ],
    [
      'rules: [{ match: { tasks: [a] } }]',
      '7:13: targets[0].rules[0]: does not say how long its records are kept; write keepFor or keep: forever',
    ],
    [
      'rules: [{ match: { tasks: [a] }, keepFor: 1d, keep: forever }]',
      '7:57: targets[0].rules[0].keep: cannot be used together with keepFor; leave one out',
    ],
    [
      'rules: [{ match: { tasks: [a] }, keep: always }]',
      '7:44: targets[0].rules[0].keep: expected forever, found "always"',
    ],
    [
      'rules: [{ match: { tasks: [a] }, keepFor: 7days }]',
      `7:47: targets[0].rules[0].keepFor: "7days" is not a duration; ${forms}`,
    ],
    [
      'rules: [{ name: a, match: { tasks: [a] }, keepFor: 1d }, { name: a, match: { tasks: [b] }, keepFor: 1d }]',
      '7:70: targets[0].rules[1].name: the name "a" is taken on line 7; choose another',
    ],
    [
      'rules: [{ match: { tasks: [a] }, keepFor: 1d }, { name: rule 1, match: { tasks: [b] }, keepFor: 1d }]',
      '7:61: targets[0].rules[1].name: the name "rule 1" is taken on line 7; choose another',
    ],
    [
      'rules: [{ name: rule 2, match: { tasks: [a] }, keepFor: 1d }, { match: { tasks: [b] }, keepFor: 1d }]',
      '7:67: targets[0].rules[1]: the name "rule 2" is taken on line 7; choose another',
    ],
  ])('%s', (line, expected) => {
    expect(problemsOf(policyText(`${line}\nkeepFor: 30d`))).toEqual([`p.yml:${expected}`]);
  });

  test.each([
    ['keepFor: 7days', `"7days" is not a duration; ${forms}`],
    ['keepFor: "30"', `"30" is not a duration; ${forms}`],
    ['keepFor: 30', 'expected a duration such as P30D or 30d, found the number 30'],
    ['keepFor: 30m', '"30m" could mean minutes or months; write PT30M or P1M'],
    ['keepFor: 999y', `"999y" is not a duration; ${forms}`],
    ['keepFor: 99999d', '"99999d" is more than 100 years; use keep: forever'],
    ['keepFor: [30d]', 'expected a duration such as P30D or 30d, found a list'],
  ])('%s', (line, expected) => {
    expect(problemsOf(policyText(line))).toEqual([`p.yml:7:14: targets[0].keepFor: ${expected}`]);
  });

  test('keepFor without a value', () => {
    expect(problemsOf(policyText('keepFor:'))).toEqual([
      'p.yml:7:13: targets[0].keepFor: expected a duration such as P30D or 30d, found null; write a value, or leave the key out',
    ]);
  });

  test('neither keepFor nor keep, in the target or among the defaults', () => {
    const nothing =
      'targets[0]: nothing says how long its records are kept; write keepFor (or keep: forever) in this target or under defaults';
    expect(problemsOf(policyText())).toEqual([`p.yml:3:5: ${nothing}`]);
    expect(problemsOf(policyText('', 'defaults: { keepLast: 5 }'))).toEqual([
      `p.yml:4:5: ${nothing}`,
    ]);
    expect(problemsOf(policyText('', 'defaults: { keepFor: 5d }'))).toEqual([]);
    expect(problemsOf(policyText('', 'defaults: { keep: forever }'))).toEqual([]);
    expect(problemsOf(policyText('keep: forever'))).toEqual([]);
  });

  test('a misspelt keepFor is one mistake, not two', () => {
    expect(problemsOf(policyText('keepfor: 30d'))).toEqual([
      'p.yml:7:5: targets[0].keepfor: unknown key; did you mean keepFor?',
    ]);
  });

  test.each([
    ['dryrun: false', '2:1: dryrun: unknown key; did you mean dryRun?'],
    ['target: []', '2:1: target: unknown key; did you mean targets?'],
    ['keepLast: 1', '2:1: keepLast: unknown key; it belongs under defaults or a target'],
    [
      'dryRun:',
      '2:8: dryRun: expected true or false, found null; write a value, or leave the key out',
    ],
    ['dryRun: "false"', '2:9: dryRun: expected true or false, found "false"'],
    [
      'defaults:',
      '2:10: defaults: expected a mapping of keepFor, keepLast, statuses and limits, found null; write a value, or leave the key out',
    ],
    ['defaults: { keepLasst: 1 }', '2:13: defaults.keepLasst: unknown key; did you mean keepLast?'],
    ['defaults: { rules: [] }', '2:13: defaults.rules: unknown key; it belongs under a target'],
    [
      'defaults: { statuses: [EXECUTING] }',
      `2:24: defaults.statuses[0]: ${finished} "EXECUTING"; the record of a running task is never deleted`,
    ],
    [
      'defaults: { statuses: [SUCCESS, FAILED, SUCCESS] }',
      '2:41: defaults.statuses[2]: SUCCESS is in the list already; leave it out',
    ],
    [
      'defaults: { keepFor: 1d, keep: forever }',
      '2:32: defaults.keep: cannot be used together with keepFor; leave one out',
    ],
    ['version: 1', '2:1: version: this mapping has the key already; leave one out'],
  ])('at the top, %s', (line, expected) => {
    expect(problemsOf(policyText('keepFor: 1d', line))).toEqual([`p.yml:${expected}`]);
  });

  test.each([
    ['version: 1', '', '2:1: version: missing; write the number 1'],
    ['version: 1', 'version: "1"', '1:10: version: expected the number 1, found "1"'],
    [
      'version: 1',
      'version: 3',
      '1:10: version: this program reads version 1, but the policy says 3',
    ],
    ['version: 1', 'version:', '1:9: version: expected the number 1, found null; write a value'],
    [
      'name: cache',
      'name: " "',
      '3:11: targets[0].name: expected text of 1 to 100 characters, found " "',
    ],
    [
      'name: cache',
      'name: "a\\u0007"',
      '3:11: targets[0].name: expected text of 1 to 100 characters, found "a\\u0007"',
    ],
    [
      'name: cache',
      `name: ${'a'.repeat(101)}`,
      '3:11: targets[0].name: expected text of 1 to 100 characters, found text of 101 characters',
    ],
    [
      'name: cache',
      'name: 7',
      '3:11: targets[0].name: expected text of 1 to 100 characters, found the number 7; put it in quotes',
    ],
    [
      'name: cache',
      'name: true',
      '3:11: targets[0].name: expected text of 1 to 100 characters, found true; put it in quotes',
    ],
    [
      'cloud: otc',
      'cloud: aws',
      '4:12: targets[0].cloud: expected huaweicloud or otc, found "aws"',
    ],
    [
      'cloud: otc',
      'cloud: 7',
      '4:12: targets[0].cloud: expected huaweicloud or otc, found the number 7',
    ],
    [
      'cloud: otc',
      'cloud: Huawei-Cloud',
      '4:12: targets[0].cloud: expected huaweicloud or otc, found "Huawei-Cloud"; did you mean huaweicloud?',
    ],
    [
      'service: dcs',
      'service: kafak',
      `5:14: targets[0].service: expected one of ${oneOf}, found "kafak"; did you mean kafka?`,
    ],
    [
      'region: eu-de',
      'region: EU-DE',
      '6:13: targets[0].region: expected a region such as eu-de, found "EU-DE"',
    ],
    [
      'region: eu-de',
      'region: eu-de.evil.example',
      '6:13: targets[0].region: expected a region such as eu-de, found "eu-de.evil.example"',
    ],
    ['    region: eu-de\n', '', '3:5: targets[0].region: missing; write a region such as eu-de'],
  ])('%j replaced by %.40j', (line, replacement, expected) => {
    const text = policyText('keepFor: 1d').replace(line, replacement);
    expect(problemsOf(text)).toEqual([`p.yml:${expected}`]);
  });

  const lists = (service: string, region: string, more = '') =>
    policyText(`keepFor: 30d${more}`)
      .replace('service: dcs', `service: ${service}`)
      .replace('region: eu-de', `region: ${region}`);
  test.each([
    [
      lists('[]', '[]'),
      '5:14: targets[0].service: expected a list of services, found an empty list; an empty list would match nothing',
      '6:13: targets[0].region: expected a list of regions, found an empty list; an empty list would match nothing',
    ],
    [
      lists('[dcs, kafak]', '[eu-de, EU]'),
      `5:20: targets[0].service[1]: expected one of ${oneOf}, found "kafak"; did you mean kafka?`,
      '6:21: targets[0].region[1]: expected a region such as eu-de, found "EU"',
    ],
    [
      lists('[kafka, kafka]', '[eu-de, eu-nl, eu-de]'),
      '5:22: targets[0].service[1]: kafka is in the list already; leave it out',
      '6:28: targets[0].region[2]: eu-de is in the list already; leave it out',
    ],
    [
      lists('dcs', 'eu-de', '\nprojects: []'),
      '8:15: targets[0].projects: expected a list of names of projects, found an empty list; an empty list would match nothing',
    ],
    [
      lists('dcs', 'eu-de', '\nprojects: [eu-de, eu-de, "eu-{"]'),
      '8:23: targets[0].projects[1]: eu-de is in the list already; leave it out',
      '8:30: targets[0].projects[2]: "eu-{" is not a pattern: a { is not closed; write [{] for the character',
    ],
    [
      lists('dcs', 'eu-de', '\nprojects: ["*"]\nprojectId: p'),
      '8:15: targets[0].projects: cannot be used together with projectId; leave one out',
    ],
    [
      lists('dcs', '[eu-de, eu-nl]', '\nprojectId: p'),
      '8:16: targets[0].projectId: a project is in one region only, but the target has 2; write projects instead, or a target for each region',
    ],
    [
      lists('dcs', '[eu-de, eu-nl]', '\nprojects: [eu-de, eu-de_*]'),
      '6:21: targets[0].region[1]: no pattern under projects is for region eu-nl; add one, or leave the region out',
    ],
    [
      lists('[dcs, dcs-v1]', 'eu-de'),
      '3:11: targets[0].name: "cache/dcs-v1" (dcs-v1) lists the same instances as the target "cache/dcs" (dcs) on line 3; leave one out',
    ],
    [
      lists('[dcs-v1]', 'eu-de', '\nstatuses: [CANCELLED]'),
      '8:16: targets[0].statuses[0]: dcs-v1 does not delete CANCELLED records; write SUCCESS or FAILED',
    ],
    [
      lists('[dcs, dcs-v1]', 'eu-de', '\nstatuses: [CANCELLED]'),
      expect.stringContaining('lists the same instances as'),
      '8:16: targets[0].statuses[0]: dcs or dcs-v1 does not delete CANCELLED records; write SUCCESS or FAILED',
    ],
    [
      policyText('keepFor: 1d').replace('name: cache', 'name: a/b'),
      '3:11: targets[0].name: expected text of 1 to 100 characters without /, found "a/b"',
    ],
    [
      policyText('keepFor: 1d\ncredentials: { agency: { name: janitor, domian: acme } }'),
      '8:28: targets[0].credentials.agency.domain: missing; write the name of the account that gave the agency',
      '8:45: targets[0].credentials.agency.domian: unknown key; did you mean domain?',
    ],
  ])('several at once: %#', (text, ...expected) => {
    expect(problemsOf(text)).toEqual(
      expected.map((line) => (typeof line === 'string' ? `p.yml:${line}` : line)),
    );
  });

  const other = (more: string) =>
    `\n  - { name: other, cloud: otc, service: kafka, region: eu-de, keepFor: 1d${more} }`;
  const same = 'selects the same instances as';
  test.each([
    ['projects: ["*"]', '', same],
    ['projects: [eu-de]', '', same],
    ['projects: [eu-de_a]', ', projects: ["eu-de_{a,b}"]', same],
    ['projects: ["eu-de_*"]', ', projects: ["eu-de_*"]', same],
    ['projects: ["eu-de_*"]', '', undefined],
    ['projects: ["eu-de_*"]', ', projects: ["eu-*"]', undefined],
    ['projects: ["*"]', ', projectId: p', undefined],
    ['projectId: p', ', projectId: p', same],
    ['projectId: p', ', projectId: q', undefined],
    ['projectId: p', '', undefined],
    ['projectId: eu-de', ', projects: ["*"]', undefined],
    ['projects: [eu-de_x, eu-de_y]', ', projects: [eu-de_y, eu-de_z]', same],
    ['projects: [eu-de_x, eu-de_y]', ', projects: [eu-de_z]', undefined],
    ['instances: {}', '', same],
    ['instances: {}', ', instances: {}', same],
    ['instances: { exclude: [x] }', '', undefined],
    ['instances: {}', ', instances: { include: [x] }', undefined],
    ['instances: { include: [x] }', '', undefined],
    ['projects: ["*"]', ', credentials: { env: OTHER }', undefined],
  ])('%s overlaps with a target with%s: %s', (projects, more, said) => {
    const text = `${lists('[dcs, kafka]', '[eu-nl, eu-de]', `\n${projects}`)}`.replace(
      '[eu-nl, eu-de]',
      '[eu-de]',
    );
    expect(problemsOf(`${text.trimEnd()}${other(more)}`)).toEqual(
      said === undefined
        ? []
        : [
            `p.yml:9:13: targets[1].name: "other" ${said} the target "cache/kafka/eu-de" on line 3; give each its own instances, or leave one out`,
          ],
    );
  });

  test.each([
    ['', ', endpoint: "https://dcs.eu-de.otc.t-systems.com."'],
    ['', ', endpoint: "https://DCS.eu-de.otc.t-systems.com:443/"'],
    ['endpoint: "https://example.com"', ', endpoint: "https://example.com.:443"'],
    ['endpoint: "http://localhost:80"', ', endpoint: "http://[::1]"'],
  ])('%s is the same endpoint as that of a target with%s', (endpoint, more) => {
    const text = policyText(`keepFor: 1d\n${endpoint}`).trimEnd();
    expect(problemsOf(`${text}${other(more).replace('kafka', 'dcs')}`)).toEqual([
      expect.stringContaining(`"other" ${same} the target "cache" on line 3`),
    ]);
  });

  test.each([
    ['include: [cache-a, cache-b]', 'include: [cache-b]', 'cache-b'],
    ['include: [cache-a, cache-b]', 'include: [x*, cache-b, cache-a]', 'cache-b'],
    ['include: [cache-a]', 'include: [cache-a], exclude: ["x*", cache-b]', 'cache-a'],
    // One target excludes it, so only the other has it.
    ['include: [cache-a]', 'include: [cache-a], exclude: [cache-a]', undefined],
    ['include: [cache-a], exclude: [x, cache-a]', 'include: [cache-a]', undefined],
    ['include: [cache-a]', 'include: [cache-b]', undefined],
    ['include: [cache-a]', 'exclude: [cache-a]', undefined],
    // Patterns may match different instances.
    ['include: ["cache-*"]', 'include: ["cache-*"]', undefined],
    ['include: ["cache-*"]', 'include: [cache-a]', undefined],
    ['include: [7]', 'include: [7]', undefined],
  ])('two targets whose instances are { %s } and { %s } share %s', (one, another, shared) => {
    const text = `${policyText(`keepFor: 1d\ninstances: { ${one} }`).trimEnd()}${other('')}`;
    const problems = problemsOf(
      text.replace('kafka, region: eu-de', `dcs, region: eu-de, instances: { ${another} }`),
    );
    expect(problems.filter((problem) => !problem.includes('found the number 7'))).toEqual(
      shared === undefined
        ? []
        : [
            `p.yml:9:13: targets[1].name: "other" includes the instance "${shared}", as does the target "cache" on line 3; leave it to one of them`,
          ],
    );
  });

  test.each([
    ['name: 7', 'name: other', 'targets[0].name: expected text'],
    [
      'name: a, cloud: cirrus',
      'name: b, cloud: cirrus',
      'targets[0].cloud: expected',
      'targets[1].cloud: expected',
    ],
    [
      'name: a, region: 5',
      'name: b, region: 5',
      'targets[0].region: expected',
      'targets[1].region: expected',
    ],
    [
      'name: a, projects: [7]',
      'name: b, projects: [7]',
      'targets[0].projects[0]: expected',
      'targets[1].projects[0]: expected',
    ],
    ['name: a, endpoint: "https://a.example"', 'name: b, endpoint: "https://b.example"'],
    ['name: a, region: [5], projects: [x]', 'name: b', 'targets[0].region[0]: expected'],
  ])(
    'what cannot be read tells nothing about two targets: { %s } and { %s }',
    (one, other, ...expected) => {
      const target = (own: string) =>
        `{ ${['cloud: otc', 'service: dcs', 'region: eu-de', 'keepFor: 1d']
          .filter((each) => !own.includes(`${each.split(':')[0]}:`))
          .join(', ')}, ${own} }`;
      const problems = problemsOf(
        `version: 1\ntargets:\n  - ${target(one)}\n  - ${target(other)}\n`,
      );
      expect(problems).toEqual(expected.map((part) => expect.stringContaining(part)));
    },
  );

  test('a third target that overlaps with two is told once, of the first of them', () => {
    const text = `${policyText('keepFor: 1d').trimEnd()}${other('')}${other('').replace('other', 'third')}`;
    expect(problemsOf(text.replaceAll('kafka', 'dcs'))).toEqual([
      expect.stringContaining(
        'targets[1].name: "other" selects the same instances as the target "cache" on line 3',
      ),
      expect.stringContaining(
        'targets[2].name: "third" selects the same instances as the target "cache" on line 3',
      ),
    ]);
    const lists = `${policyText('keepFor: 1d').trimEnd()}${other('')}`
      .replace('service: dcs', 'service: [dcs, kafka]')
      .replace('service: kafka', 'service: [kafka, dcs]');
    expect(problemsOf(lists)).toEqual([
      expect.stringContaining(
        '"other/kafka" selects the same instances as the target "cache/kafka" on line 3',
      ),
    ]);
  });

  test('a pattern with a mistake is told as that alone, and matches no other target’s project', () => {
    const text = lists('[dcs, kafka]', 'eu-de', '\nprojects: ["eu-de_{"]').trimEnd();
    expect(problemsOf(`${text}${other(', projects: [eu-de_a]')}`)).toEqual([
      expect.stringContaining('"eu-de_{" is not a pattern'),
    ]);
  });

  test('no targets', () => {
    expect(problemsOf('version: 1')).toEqual([
      'p.yml:1:1: targets: missing; write a list of targets',
    ]);
    expect(problemsOf('version: 1\ntargets: []')).toEqual([
      'p.yml:2:10: targets: expected a list with at least one target, found an empty list',
    ]);
    expect(problemsOf('version: 1\ntargets:\n  -\n')).toEqual([
      'p.yml:3:4: targets[0]: expected a mapping of name, cloud, service, region and more, found null; write a value, or leave the item out',
    ]);
  });

  test('a pattern that is a block of its own, and so ends with a line break', () => {
    const block = 'keepFor: 1d\ninstances:\n  exclude:\n    - |\n      prod-*';
    expect(problemsOf(policyText(block))).toEqual([
      'p.yml:10:11: targets[0].instances.exclude[0]: holds a line break; write it on one line, without | or >',
    ]);
    expect(problemsOf(policyText(block.replace('|', '>-')))).toEqual([]);
  });

  test('a name with brackets and quotation marks is no JSON', () => {
    const rule = `keepFor: 1d\ncredentials: { agency: { domain: 'acme {"a', name: a } }`;
    expect(problemsOf(policyText(rule))).toEqual([]);
  });

  test('several in one line, in the order in which they stand there', () => {
    const rule = 'rules: [{ match: { tasks: [a] }, keepLast: 1 }]\nkeepFor: 1d';
    expect(problemsOf(policyText(rule))).toEqual([
      'p.yml:7:13: targets[0].rules[0]: does not say how long its records are kept; write keepFor or keep: forever',
      'p.yml:7:38: targets[0].rules[0].keepLast: unknown key; it belongs under defaults or a target',
    ]);
  });

  test('a value of a wrong kind as that alone, and not as what it might mean', () => {
    const expected = 'expected SUCCESS, FAILED or CANCELLED, found the number 1';
    expect(problemsOf(policyText('statuses: [1, 1]\nkeepFor: 1d'))).toEqual([
      `p.yml:7:16: targets[0].statuses[0]: ${expected}`,
      `p.yml:7:19: targets[0].statuses[1]: ${expected}`,
    ]);
    const listed = policyText('statuses: [CANCELLED]\nkeepFor: 1d');
    expect(problemsOf(listed.replace('service: dcs', 'service: { dcs: 1 }'))).toEqual([
      `p.yml:5:14: targets[0].service: expected one of ${oneOf}, found a mapping`,
    ]);
  });

  test.each([
    ['', 'missing; write text of 1 to 100 characters'],
    ['name: 7, ', 'expected text of 1 to 100 characters, found the number 7; put it in quotes'],
  ])('two targets without a name that can be read: %j', (name, expected) => {
    const target = `  - { ${name}cloud: otc, service: dcs, region: eu-de, keepFor: 1d }`;
    const column = name === '' ? 5 : 13;
    expect(problemsOf(`version: 1\ntargets:\n${target}\n${target}`)).toEqual([
      `p.yml:3:${column}: targets[0].name: ${expected}`,
      `p.yml:4:${column}: targets[1].name: ${expected}`,
    ]);
  });

  test('two targets of one name', () => {
    const second = '  - { name: cache, cloud: otc, service: dcs, region: eu-de, keepFor: 1d }';
    expect(problemsOf(`${policyText('keepFor: 1d')}${second}`)).toEqual([
      'p.yml:8:13: targets[1].name: the name "cache" is taken on line 3; choose another',
    ]);
  });

  test('one behind an alias, at the anchor', () => {
    const defaults = 'defaults: { limits: &none { deletions: no } }';
    expect(problemsOf(policyText('keepFor: 1d\nlimits: *none', defaults))).toEqual([
      'p.yml:2:40: defaults.limits.deletions: expected a whole number, 0 or more, found "no"',
      'p.yml:2:40: targets[0].limits.deletions: expected a whole number, 0 or more, found "no"',
    ]);
  });
});

describe('a policy error', () => {
  const text = policyText(
    'keepfor: 7d\nkeepLast: -1\nlimits: { deletions: 1, deletions: 2 }',
    'dryRun: 1',
  );

  test('has every problem of the file, in the order of its lines', () => {
    expect(problemsOf(text).map((line) => line.split(': ')[1])).toEqual([
      'dryRun',
      'targets[0].keepfor',
      'targets[0].keepLast',
      'targets[0].limits.deletions',
    ]);
  });

  test('has them as values too', () => {
    let thrown: unknown;
    try {
      loadPolicy(text, 'dir/retention.yml');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PolicyError);
    expect(thrown).toMatchObject({ code: 'policy' });
    expect(String(thrown)).toMatch(/^PolicyError: dir\/retention\.yml:2:9: /);
    expect((thrown as PolicyError).problems[1]).toEqual({
      file: 'dir/retention.yml',
      line: 8,
      column: 5,
      path: 'targets[0].keepfor',
      message: 'unknown key',
      hint: 'did you mean keepFor?',
    });
  });

  test('never repeats what may be a secret in the wrong place', () => {
    const secrets = policyText(
      'keepFor: 1d\ncredentials: { secret: 12345, secretKey: hunter2 }\nendpoint: https://me:hunter2@host',
    );
    expect(problemsOf(secrets)).toHaveLength(3);
    expect(problemsOf(secrets).join()).not.toMatch(/12345|hunter2/);
  });
});
