import { cleanStep } from '../../lib/fleet/clean-step.ts';
import { lambdaStep } from './lambda-step.ts';

export const handler = lambdaStep(cleanStep);
