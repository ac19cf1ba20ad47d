import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Suite } from './case.ts';
import * as core from './core.suite.ts';
import * as resp from './resp.suite.ts';

describe.each([core, resp])('$title', ({ suites }) => {
  describe.each<Suite>(suites.filter(({ skip }) => skip === undefined))('$name', ({ cases, open, close }) => {
    beforeAll(() => open?.());
    afterAll(() => close?.());

    for (const each of cases) it.skipIf(each.skip !== undefined)(each.name, () => each.run());
  });
});
