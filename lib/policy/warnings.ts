import { SERVICES, type Service } from '../model/services.ts';
import { retentionOf } from './retention.ts';
import type { Policy } from './schema.ts';

/** Warnings about what a policy may say but probably does not mean, in the order of its targets. */
export function policyWarnings(policy: Policy): string[] {
  return policy.targets.flatMap((target) => {
    const service: Service = SERVICES[target.service];
    const warnings: string[] = [];
    if (service.undocumentedOn.includes(target.cloud)) {
      warnings.push(
        `${target.cloud} does not document background tasks of ${target.service}: they may be missing there`,
      );
    }
    if (retentionOf(policy, target).statuses.size === 0) {
      warnings.push(
        `none of its statuses may be deleted on ${target.service}, so nothing will be deleted`,
      );
    }
    return warnings.map((warning) => `${target.name}: ${warning}`);
  });
}
