import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, type ChannelListener } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { Lab } from '../lab.ts';
import { closesAtOnce, lens } from '../servers.ts';

const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
const subscriptions: [string, ChannelListener][] = [];

function listen(operation: string, seen: [string, unknown][]): void {
  for (const event of events) {
    const name = `tracing:wirewright:lensdb:${operation}:${event}`;
    const listener: ChannelListener = (message) =>
      seen.push([event, structuredClone((message as { attributes: unknown }).attributes)]);
    channel(name).subscribe(listener);
    subscriptions.push([name, listener]);
  }
}

afterEach(() => {
  for (const [name, listener] of subscriptions.splice(0)) channel(name).unsubscribe(listener);
});

const attributes = {
  'db.system.name': 'lensdb',
  'db.operation.name': 'GET',
  'server.address': '127.0.0.1',
  'server.port': 8080,
};

describe('tracing channels', () => {
  it('tell each call and how it ended, without keys and values', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const seen: [string, unknown][] = [];
    listen('get', seen);
    await lab.run(lab.client().get('secret'));
    expect(seen).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'].map((event) => [event, attributes]));
    expect(JSON.stringify(seen)).not.toContain('secret');
  });

  it('tell why a call failed', async () => {
    const lab = new Lab();
    lab.serve(closesAtOnce);
    const seen: [string, unknown][] = [];
    listen('get', seen);
    await lab.failure(lab.client({ maxRetries: 0 }).get('a'));
    expect(seen.map(([event]) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(seen[2]).toEqual(['error', { ...attributes, 'error.type': 'REFUSED' }]);
  });
});

describe("the caller's AsyncLocalStorage", () => {
  it('is kept behind each await', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const storage = new AsyncLocalStorage<string>();
    const client = lab.client({ maxConnections: 1 });
    const calls = ['a', 'b', 'c'].map((name) =>
      storage.run(name, async () => {
        await client.get(name);
        return storage.getStore();
      }),
    );
    expect(await lab.run(Promise.all(calls))).toEqual(['a', 'b', 'c']);
  });
});
