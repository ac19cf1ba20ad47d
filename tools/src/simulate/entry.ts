/** What a worker loads: one bundle of scenarios and core. */

import { simulate } from '@wirewright/core/testing';
import type { Assignment, Report } from './assignment.ts';
import { scenarios } from './scenarios/index.ts';

export async function run({ schedules, seed, maxViolations }: Assignment): Promise<Report> {
  const result = await simulate({ scenarios, schedules, seed, maxViolations });
  return { schedules: result.schedules, violations: [...result.violations] };
}
