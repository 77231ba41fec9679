import { prepareStep } from '../../lib/fleet/prepare-step.ts';
import { lambdaStep } from './lambda-step.ts';

export const handler = lambdaStep(prepareStep);
