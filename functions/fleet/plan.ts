import { planStep } from '../../lib/fleet/plan-step.ts';
import { lambdaStep } from './lambda-step.ts';

export const handler = lambdaStep(planStep);
