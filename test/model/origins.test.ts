import { expect, test } from '@jest/globals';
import { byServer, iamOrigin, serverOf, serviceOrigin } from '../../lib/model/origins.ts';
import { type CloudName, SERVICES, type ServiceName } from '../../lib/model/services.ts';

const HUAWEI = [
  'af-south-1',
  'af-north-1',
  'cn-north-1',
  'cn-north-2',
  'cn-north-4',
  'cn-north-9',
  'cn-north-11',
  'cn-north-12',
  'cn-east-2',
  'cn-east-3',
  'cn-east-4',
  'cn-east-5',
  'cn-south-1',
  'cn-south-2',
  'cn-south-4',
  'cn-southwest-2',
  'cn-southwest-3',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ru-northwest-2',
  'ru-moscow-1',
  'sa-brazil-1',
  'la-north-2',
  'la-south-2',
  'na-mexico-1',
  'ae-ad-1',
  'tr-west-1',
  'me-east-1',
  'my-kualalumpur-1',
  // Orange's region is on the international domain, Huawei's own in Europe is not.
  'eu-west-0',
];

test.each(HUAWEI)('%s of Huawei Cloud is on myhuaweicloud.com', (region) => {
  const dcs = serviceOrigin('huaweicloud', SERVICES.dcs, region);
  expect(dcs).toBe(`https://dcs.${region}.myhuaweicloud.com`);
  const dms = serviceOrigin('huaweicloud', SERVICES.kafka, region);
  expect(dms).toBe(`https://dms.${region}.myhuaweicloud.com`);
  expect(iamOrigin('huaweicloud', region)).toBe(`https://iam.${region}.myhuaweicloud.com`);
});

test.each([
  ['huaweicloud', 'dcs', 'eu-west-101', 'https://dcs.eu-west-101.myhuaweicloud.eu'],
  ['huaweicloud', 'kafka', 'eu-west-101', 'https://dms.eu-west-101.myhuaweicloud.eu'],
  ['otc', 'dcs', 'eu-de', 'https://dcs.eu-de.otc.t-systems.com'],
  ['otc', 'kafka', 'eu-de', 'https://dms.eu-de.otc.t-systems.com'],
  ['otc', 'dcs', 'eu-nl', 'https://dcs.eu-nl.otc.t-systems.com'],
  ['otc', 'kafka', 'eu-nl', 'https://dms.eu-nl.otc.t-systems.com'],
  ['otc', 'dcs', 'eu-ch2', 'https://dcs.eu-ch2.sc.otc.t-systems.com'],
  ['otc', 'rocketmq', 'eu-ch2', 'https://dms.eu-ch2.sc.otc.t-systems.com'],
] as const satisfies readonly (readonly [CloudName, ServiceName, string, string])[])(
  '%s, %s in %s: %s',
  (cloud, service, region, expected) => {
    expect(serviceOrigin(cloud, SERVICES[service], region)).toBe(expected);
  },
);

test.each([
  ['huaweicloud', 'eu-west-101', 'https://iam.eu-west-101.myhuaweicloud.eu'],
  ['otc', 'eu-de', 'https://iam.eu-de.otc.t-systems.com'],
  ['otc', 'eu-nl', 'https://iam.eu-nl.otc.t-systems.com'],
  ['otc', 'eu-ch2', 'https://iam.eu-ch2.sc.otc.t-systems.com'],
] as const)('IAM of %s in %s: %s', (cloud, region, expected) => {
  expect(iamOrigin(cloud, region)).toBe(expected);
});

test('RabbitMQ and RocketMQ are on Kafka’s host, and DCS v1.0 on that of v2', () => {
  const origin = (service: ServiceName) => serviceOrigin('otc', SERVICES[service], 'eu-de');
  expect(origin('rabbitmq')).toBe(origin('kafka'));
  expect(origin('rocketmq')).toBe(origin('kafka'));
  expect(origin('dcs-v1')).toBe(origin('dcs'));
});

test.each([
  ['https://dcs.example.com', 'https://dcs.example.com.'],
  ['https://dcs.example.com', 'https://DCS.Example.com'],
  ['https://dcs.example.com', 'https://dcs.example.com:443'],
  ['https://dcs.example.com:8443', 'https://dcs.example.com.:8443'],
  ['http://localhost:3456', 'http://127.0.0.1:3456'],
  ['http://localhost:3456', 'http://[::1]:3456'],
  ['http://localhost:3456', 'http://127.8.9.1:3456'],
  ['https://localhost', 'https://localhost.:443'],
])('%s and %s are the same server', (one, other) => {
  expect(serverOf(one)).toBe(serverOf(other));
});

test.each([
  ['https://dcs.example.com', 'https://dms.example.com'],
  ['https://dcs.example.com', 'https://dcs.example.com:8443'],
  ['http://localhost:3456', 'http://localhost:3457'],
  ['https://127.0.0.1', 'https://10.0.0.1'],
])('%s and %s are not', (one, other) => {
  expect(serverOf(one)).not.toBe(serverOf(other));
});

test('an origin that is none is a server of its own', () => {
  expect(serverOf('https://dcs.a b.example.com')).toBe('https://dcs.a b.example.com');
});

test('targets on one server are found together, whichever service they are of and however they write its name', () => {
  const of = (service: ServiceName, endpoint?: string) =>
    ({ cloud: 'otc', region: 'eu-de', service, endpoint }) as const;
  const targets = [
    of('kafka'),
    of('dcs'),
    of('rabbitmq'),
    of('dcs', 'http://127.0.0.1:3456'),
    of('kafka', `${serviceOrigin('otc', SERVICES.kafka, 'eu-de')}.`),
    of('kafka', 'http://localhost:3456'),
  ];
  expect(byServer(targets).map((here) => here.map((each) => targets.indexOf(each)))).toEqual([
    [0, 2, 4],
    [1],
    [3, 5],
  ]);
});
