import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  Caller,
  ClientError,
  ConnectionError,
  Failure,
  ServerError,
  systemPorts,
  TimeoutError,
  UnsafeIntegerError,
} from '@wirewright/core';
import type { Case } from '../case.ts';

const secret = 'open sesame';

function refusal(): ServerError {
  const details = Object.defineProperty({ code: 7 }, 'serverMessage', { value: secret });
  const failure = new Failure({ kind: 'server', message: 'refused', outcome: 'rejected', retryable: false, details });
  return failure.toError({ system: 'case', attempts: 1 });
}

export const errorCases: readonly Case[] = [
  {
    name: 'errors are recognised by their kinds, whichever copy of core made them',
    async run() {
      const error = refusal();
      assert.ok(error instanceof ServerError && error instanceof ClientError && error instanceof Error);
      assert.ok(!(error instanceof TimeoutError));
      assert.deepEqual(error.kinds, ['client', 'server', 'case']);
      const kinds = Object.freeze(['client', 'connection', 'other']);
      const foreign: unknown = Object.assign(new Error('of another copy'), { [Symbol.for('wirewright.kinds')]: kinds });
      assert.ok(foreign instanceof ConnectionError && foreign instanceof ClientError);
      assert.ok(!(foreign instanceof ServerError));
    },
  },
  {
    name: 'what is secret is in no log: not in inspect, not in JSON, not in the message',
    async run() {
      const error = refusal();
      assert.equal(error.details['serverMessage'], secret);
      const nested = new Error('outer', { cause: { error } });
      for (const text of [
        inspect(error),
        inspect({ error }),
        inspect(nested, { depth: 9 }),
        JSON.stringify(error),
        String(error),
      ]) {
        assert.ok(!text.includes(secret), text);
      }
      assert.match(inspect(error), /refused/);
      const number = new UnsafeIntegerError(12345678901234567890n);
      assert.equal(number.value, 12345678901234567890n);
      assert.ok(!inspect(number).includes('12345678901234567890'));
    },
  },
  {
    name: "an error's stack shows the line that called the client",
    async run() {
      const caller = new Caller({ system: 'case', ports: systemPorts, timeoutMs: 1000 });
      const client = {
        async get(): Promise<unknown> {
          return caller.unwrap(
            await caller.submit({}, false, (pending) =>
              systemPorts.turns.nextTick(() =>
                pending.settle(new Failure({ kind: 'server', message: 'no', outcome: 'rejected', retryable: false })),
              ),
            ),
          );
        },
      };
      async function userProgram(): Promise<void> {
        await client.get();
      }
      const error = await userProgram().then(
        () => assert.fail('expected an error'),
        (reason: unknown) => reason as Error,
      );
      assert.match(error.stack ?? '', /userProgram/);
      caller.destroy();
    },
  },
];
