import { summariseStep } from '../../lib/fleet/summarise-step.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { sendLetter } from '../send-letter.ts';
import { lambdaStep } from './lambda-step.ts';

export const handler = lambdaStep(summariseStep, systemClock, sendLetter);
