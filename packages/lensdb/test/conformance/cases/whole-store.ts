import assert from 'node:assert/strict';
import type { Case } from '../case.ts';

/** For a store that nobody else uses, and that is empty. */
export const wholeStoreCases: readonly Case[] = [
  {
    name: 'an empty store has no keys; size counts; clear removes everything',
    async run(context) {
      const client = context.client();
      if ((await client.size()) > 0) return;
      assert.deepEqual(await client.keys(), []);
      const [a, b] = [context.key('a'), context.key('b')];
      await client.set(a, '1');
      assert.deepEqual(await client.keys(), [a]);
      await client.set(b, '2');
      await client.set(b, '3');
      assert.equal(await client.size(), 2);
      await client.clear();
      assert.equal(await client.size(), 0);
      assert.equal(await client.get(a), null);
    },
  },
];
