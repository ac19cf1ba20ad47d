import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Suite } from './case.ts';
import { suites } from './core.suite.ts';

describe.each<Suite>(suites)('$name', ({ cases, skip, open, close }) => {
  beforeAll(() => (skip === undefined ? open?.() : undefined));
  afterAll(() => (skip === undefined ? close?.() : undefined));

  for (const each of cases) {
    it(each.name, async (test) => {
      const reason = skip ?? each.skip;
      if (reason !== undefined) test.skip(reason);
      await each.run();
    });
  }
});
