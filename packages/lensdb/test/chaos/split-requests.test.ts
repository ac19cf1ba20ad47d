/**
 * Requests that the network delivers in pieces. A server that takes each read for a request executes nothing, and
 * answers more than once: its connection must never be used again (2.7).
 */

import assert from 'node:assert/strict';
import { type Fault, FaultProxy } from '@wirewright/core/testing';
import { LensDBClient, LensDBInvalidRequestError, TimeoutError } from '@wirewright/lensdb';
import { describe, it } from 'vitest';
import { subjects } from './subjects.ts';

const faults: readonly (readonly [string, Fault])[] = [
  ['split', { type: 'split', sizes: [25] }],
  ['dripped', { type: 'drip', intervalMs: 1 }],
];

describe.each(subjects.filter(({ perRead }) => perRead))('requests in pieces: $name', ({ start }) => {
  it.each(faults)('%s', async (_name, fault) => {
    await using server = await start();
    const { host, port } = server;
    await using direct = await LensDBClient.connect({ host, port });
    await using proxy = await FaultProxy.listen({ target: { host, port } });
    const target = proxy.target as { host: string; port: number };
    await using client = await LensDBClient.connect({ ...target, maxConnections: 1, attemptTimeoutMs: 1000 });
    const key = `pieces-${fault.type}-${process.pid}`;
    await direct.delete(key);

    for (const retried of [false, true]) {
      const connections = proxy.counts.connections;
      // Once: what a repeat sends on its new connection arrives whole.
      const injected = proxy.inject({ fault, direction: 'request', times: 1 });
      const write = client.set(key, 'x'.repeat(100), retried ? {} : { timeoutMs: 900 });
      const error = await write.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      await injected.remove();
      if (retried && error === undefined) {
        assert.equal(await direct.getText(key), 'x'.repeat(100));
        assert.equal(proxy.counts.connections, connections + 1);
      } else {
        assert.ok(error instanceof LensDBInvalidRequestError || error instanceof TimeoutError, String(error));
        assert.equal(await direct.get(key), null);
      }
      // Whatever else the server answered to the pieces meets nobody.
      assert.equal(await client.exists(`${key}-absent`), false);
      assert.equal(new TextDecoder().decode(await client.pingReply()), 'pong');
    }
    await direct.delete(key);
  });
});
