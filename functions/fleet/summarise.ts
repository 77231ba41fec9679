import { summariseStep } from '../../lib/fleet/summarise-step.ts';
import { lambdaStep } from './lambda-step.ts';

export const handler = lambdaStep(summariseStep);
