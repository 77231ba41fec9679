import { expect, test } from '@jest/globals';
import { routeOf } from '../../lib/emulator/routes.ts';

const project = 'p'.repeat(32);

test.each([
  ['GET', `/v2/${project}/instances`, 'list-instances'],
  ['GET', `/v1.0/${project}/instances/i/tasks`, 'list-tasks'],
  ['GET', `/v2/${project}/instances/i/tasks/t`, 'show-task'],
  ['DELETE', `/v2/${project}/instances/i/tasks/t`, 'delete-task'],
  ['GET', `/v2/${project}/instances/i/tasks/t/progress`, 'task-progress'],
  ['POST', '/v3/auth/tokens', 'token'],
  ['GET', '/v3/projects', 'projects'],
  ['GET', '/v3/auth/projects', 'projects'],
])('%s %s is %s', (method, path, operation) => {
  expect(routeOf(method, path)).toMatchObject({ operation, wrongMethod: false });
});

test.each([
  ['POST', `/v2/${project}/instances`],
  ['DELETE', `/v2/${project}/instances/i/tasks`],
  ['PUT', `/v2/${project}/instances/i/tasks/t`],
  ['DELETE', `/v2/${project}/instances/i/tasks/t/progress`],
])('%s %s has the wrong method', (method, path) => {
  expect(routeOf(method, path)).toMatchObject({ operation: 'unknown', wrongMethod: true });
});

test.each([
  '*',
  '/',
  '/v2',
  '/v2//instances',
  '/v3/users',
  '/v3/auth/tokens',
  `/v1/${project}/instances`,
  `/v2/${project}/instances/`,
  `/v2/${project}/instances/i`,
  `/v2/${project}/instances//tasks`,
  `/v2/${project}/instances/i/jobs`,
  `/v2/${project}/instances/i/tasks/`,
  `/v2/${project}/instances/i/tasks/t/steps`,
  `/v2/${project}/instances/i/tasks/t/progress/1`,
  `/v1.0/${project}/instances/i/tasks/t/progress`,
])('GET %s is unknown', (path) => {
  expect(routeOf('GET', path)).toEqual({ operation: 'unknown', wrongMethod: false });
});

test('segments are decoded one by one, a malformed one is left as it is', () => {
  expect(routeOf('DELETE', `/v2/${project}/instances/a%20b/tasks/c%2Fd`)).toMatchObject({
    instanceId: 'a b',
    taskId: 'c/d',
  });
  expect(routeOf('DELETE', `/v2/${project}/instances/i/tasks/100%`)).toMatchObject({
    taskId: '100%',
  });
});
