import { DEMO_PROJECT_ID, type ServiceName } from '../../lib/emulator/index.ts';
import { KEEP_FOR_DAYS } from './records.ts';

/** A policy that deletes what has expired on the emulator at `url`. */
export function policyText({
  url,
  service,
  concurrency,
}: {
  readonly url: string;
  readonly service: ServiceName;
  readonly concurrency: number;
}): string {
  return `version: 1
dryRun: false
targets:
  - name: bench
    cloud: otc
    service: ${service}
    region: eu-de
    projectId: ${DEMO_PROJECT_ID}
    endpoint: ${url}
    requests: { concurrency: ${concurrency} }
    keepFor: P${KEEP_FOR_DAYS}D
    rules:
      - name: failures-stay-longer
        match: { statuses: [FAILED], tasks: ['Restore*'] }
        keepFor: P${KEEP_FOR_DAYS}D
`;
}
