import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel, { type ChannelListener, tracingChannel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionError } from '../../src/errors/kinds.ts';
import { nodeTelemetry } from '../../src/socket/node-telemetry.ts';
import { channelTelemetry, type DiagnosticsChannel } from '../../src/telemetry/channels.ts';
import { hostTelemetry } from '../../src/telemetry/host.ts';
import { databaseAttributes, silentTelemetry, trace, type TraceMessage } from '../../src/telemetry.ts';

const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
let undo: (() => void)[] = [];

afterEach(() => {
  for (const one of undo) one();
  undo = [];
});

/** Subscribes and logs the names of events, with the message as it was then. */
function listen(operation: string, to: readonly string[] = events): { log: string[]; messages: TraceMessage[] } {
  const log: string[] = [];
  const messages: TraceMessage[] = [];
  for (const event of to) {
    const name = `tracing:wirewright:thing:${operation}:${event}`;
    const listener: ChannelListener = (message) => {
      log.push(event);
      messages.push(message as TraceMessage);
    };
    diagnosticsChannel.subscribe(name, listener);
    undo.push(() => diagnosticsChannel.unsubscribe(name, listener));
  }
  return { log, messages };
}

const attributes = databaseAttributes({ system: 'thing', operation: 'GET', target: { host: 'h', port: 1 } });

describe('tracing channels', () => {
  it('tell the events of a call, with one message and without its value', async () => {
    const operation = nodeTelemetry('thing').operation('get');
    const { log, messages } = listen('get');
    const result = operation.trace(attributes, async () => {
      log.push('run');
      return 'value';
    });
    log.push('returned');
    expect(await result).toBe('value');
    expect(log).toEqual(['start', 'run', 'end', 'returned', 'asyncStart', 'asyncEnd']);
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toEqual({ system: 'thing', operation: 'get', attributes });
    expect(JSON.stringify(messages)).not.toContain('value');
  });

  it('tell a failure, with its code', async () => {
    const operation = nodeTelemetry('thing').operation('get');
    const { log, messages } = listen('get');
    const error = new ConnectionError('lost', { code: 'CONNECTION_LOST' });
    await expect(
      operation.trace(attributes, async () => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(log).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(messages[0]).toEqual({
      system: 'thing',
      operation: 'get',
      error,
      attributes: { ...attributes, 'error.type': 'CONNECTION_LOST' },
    });
    expect(attributes).not.toHaveProperty('error.type');
  });

  it.each([
    [new TypeError('x'), 'TypeError'],
    [undefined, 'error'],
    ['x', 'error'],
  ])('name the error %o', async (error, type) => {
    const { messages } = listen('get', ['error']);
    await expect(
      nodeTelemetry('thing')
        .operation('get')
        .trace({}, async () => {
          throw error;
        }),
    ).rejects.toBe(error);
    expect(messages[0]?.attributes['error.type']).toBe(type);
  });

  it('tell of a call that throws before it begins', () => {
    const { log } = listen('get');
    const error = new TypeError('bug');
    expect(() =>
      nodeTelemetry('thing')
        .operation('get')
        .trace(attributes, () => {
          throw error;
        }),
    ).toThrow(error);
    expect(log).toEqual(['start', 'error', 'end']);
  });

  it.each(events)('are asked one by one: only %s has a subscriber', async (event) => {
    const operation = nodeTelemetry('thing').operation('get');
    const other = nodeTelemetry('thing').operation('set');
    expect(operation.active).toBe(false);
    const { log } = listen('get', [event]);
    expect(operation.active).toBe(true);
    expect(other.active).toBe(false);
    await operation.trace(attributes, () => Promise.reject(new Error('x'))).catch(() => {});
    expect(log).toEqual([event]);
  });

  it('are what tracingChannel() subscribes to', async () => {
    const log: string[] = [];
    const channel = tracingChannel('wirewright:thing:get');
    const subscribers = Object.fromEntries(events.map((event) => [event, () => log.push(event)])) as never;
    channel.subscribe(subscribers);
    undo.push(() => channel.unsubscribe(subscribers));
    await nodeTelemetry('thing')
      .operation('get')
      .trace(attributes, async () => 1);
    expect(log).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  });

  it("keep the caller's AsyncLocalStorage, and enter the stores that are bound to start", async () => {
    const callers = new AsyncLocalStorage<string>();
    const spans = new AsyncLocalStorage<string>();
    const start = diagnosticsChannel.channel('tracing:wirewright:thing:get:start');
    start.bindStore(spans, (message) => `span of ${(message as TraceMessage).operation}`);
    undo.push(() => {
      start.unbindStore(spans);
    });
    const operation = nodeTelemetry('thing').operation('get');
    expect(operation.active).toBe(true);
    const seen = await callers.run('caller', () =>
      operation.trace(attributes, async () => {
        await Promise.resolve();
        return [callers.getStore(), spans.getStore()];
      }),
    );
    expect(seen).toEqual(['caller', 'span of get']);
    expect(spans.getStore()).toBeUndefined();
  });

  it('work where channels have no stores', async () => {
    const published: string[] = [];
    const channel = (name: string): DiagnosticsChannel => ({
      hasSubscribers: true,
      publish: () => void published.push(name.split(':').at(-1) as string),
    });
    const operation = channelTelemetry('thing', { diagnosticsChannel: { channel, subscribe: () => {} } }).operation(
      'get',
    );
    expect(await operation.trace(attributes, async () => 1)).toBe(1);
    expect(published).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  });

  it('are opened once for each operation', () => {
    const telemetry = nodeTelemetry('thing');
    expect(telemetry.operation('get')).toBe(telemetry.operation('get'));
  });
});

describe('trace', () => {
  it('asks for attributes only when somebody listens', async () => {
    const operation = nodeTelemetry('thing').operation('get');
    let asked = 0;
    const describeCall = (): typeof attributes => {
      asked += 1;
      return attributes;
    };
    expect(await trace(operation, describeCall, async () => 1)).toBe(1);
    expect(asked).toBe(0);
    const { log } = listen('get');
    expect(await trace(operation, describeCall, async () => 2)).toBe(2);
    expect(asked).toBe(1);
    expect(log).toHaveLength(4);
  });

  it('runs the call itself where there is nobody to tell', async () => {
    const operation = silentTelemetry.operation('get');
    expect(operation.active).toBe(false);
    expect(await operation.trace(attributes, async () => 3)).toBe(3);
  });
});

describe('NODE_DEBUG=wirewright', () => {
  /** As `util.debuglog` is when the section is on, or off. */
  function debugging(enabled: boolean): { lines: string[]; util: { debuglog: (section: string) => never } } {
    const lines: string[] = [];
    const debuglog = (section: string): never =>
      Object.assign((line: string) => void lines.push(`${section}: ${line}`), { enabled }) as never;
    return { lines, util: { debuglog } };
  }

  it('prints a line for each event, once however many clients there are', async () => {
    const { lines, util } = debugging(true);
    channelTelemetry('debugged', { diagnosticsChannel, util }).operation('get');
    const operation = channelTelemetry('debugged', { diagnosticsChannel, util }).operation('get');
    expect(operation.active).toBe(true);
    await operation.trace({ ...attributes, 'db.operation.batch.size': 3 }, async () => 'value');
    await operation.trace(attributes, () => Promise.reject(new ConnectionError('lost'))).catch(() => {});
    const facts = 'server.address=h server.port=1';
    expect(lines).toEqual([
      `wirewright: debugged get start ${facts} db.operation.batch.size=3`,
      `wirewright: debugged get end ${facts} db.operation.batch.size=3`,
      `wirewright: debugged get asyncStart ${facts} db.operation.batch.size=3`,
      `wirewright: debugged get asyncEnd ${facts} db.operation.batch.size=3`,
      `wirewright: debugged get start ${facts}`,
      `wirewright: debugged get end ${facts}`,
      `wirewright: debugged get error ${facts} error.type=CONNECTION`,
      `wirewright: debugged get asyncStart ${facts} error.type=CONNECTION`,
      `wirewright: debugged get asyncEnd ${facts} error.type=CONNECTION`,
    ]);
  });

  it('subscribes to nothing when it is off', () => {
    const { util } = debugging(false);
    expect(channelTelemetry('quiet', { diagnosticsChannel, util }).operation('get').active).toBe(false);
  });
});

describe('hostTelemetry', () => {
  it("finds the platform's channels", async () => {
    const { log } = listen('get');
    await hostTelemetry('thing')
      .operation('get')
      .trace(attributes, async () => 1);
    expect(log).toHaveLength(4);
  });

  it.each([{}, { process: {} }, { process: { getBuiltinModule: () => undefined } }])(
    'is silent where there are none: %o',
    (host) => {
      expect(hostTelemetry('thing', host)).toBe(silentTelemetry);
    },
  );
});

describe('databaseAttributes', () => {
  it('uses the stable names', () => {
    expect(
      databaseAttributes({ system: 'thing', operation: 'MGET', target: { host: 'h', port: 1 }, batchSize: 2 }),
    ).toEqual({
      'db.system.name': 'thing',
      'db.operation.name': 'MGET',
      'server.address': 'h',
      'server.port': 1,
      'db.operation.batch.size': 2,
    });
    expect(databaseAttributes({ system: 'thing', operation: 'GET', target: { path: '/tmp/x' }, batchSize: 1 })).toEqual(
      {
        'db.system.name': 'thing',
        'db.operation.name': 'GET',
        'server.address': '/tmp/x',
      },
    );
    expect(
      databaseAttributes({ system: 'thing', operation: 'GET', target: { socket: () => undefined as never } }),
    ).toEqual({
      'db.system.name': 'thing',
      'db.operation.name': 'GET',
    });
  });
});
