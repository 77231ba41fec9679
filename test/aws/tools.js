// Says in one line which tools of npm run test:aws are missing, and ends with 1; with 0 where all are there.

import { spawnSync } from 'node:child_process';

const TOOLS = {
  'moto[server]': ['python3', '-c', 'import moto.server'],
  'cfn-lint': ['cfn-lint', '--version'],
  'the AWS CLI': ['aws', '--version'],
};
const missing = Object.entries(TOOLS)
  .filter(([, [command, ...args]]) => spawnSync(command, args).status !== 0)
  .map(([name]) => name);
if (missing.length > 0) {
  process.stdout.write(
    `The rehearsal on AWS needs ${missing.join(', ')}: pip install 'moto[server]' cfn-lint awscli\n`,
  );
  process.exitCode = 1;
}
