import { afterAll, beforeAll, describe, it } from 'vitest';
import { runCase, type ServerFacts } from './case.ts';
import { cases } from './cases/index.ts';
import { subjects } from './servers.ts';

describe.each(subjects)('$name', ({ start }) => {
  let server: ServerFacts & AsyncDisposable;

  beforeAll(async () => {
    server = await start();
  });

  afterAll(() => server[Symbol.asyncDispose]());

  for (const each of cases) {
    it(each.name, async ({ skip }) => {
      if (each.applies && !each.applies(server)) skip();
      await runCase(each, server);
    });
  }
});
