import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel from 'node:diagnostics_channel';
import { hostTelemetry, type Telemetry, trace, type TraceMessage } from '@wirewright/core';
import { nodeTelemetry } from '@wirewright/core/socket';
import type { Case, Context } from '../case.ts';

const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

let systems = 0;

/** A system of this case alone: channels are global. */
function newSystem(): string {
  systems += 1;
  return `case${systems}`;
}

function listen(context: Context, system: string, heard: [string, TraceMessage][]): void {
  for (const event of events) {
    const name = `tracing:wirewright:${system}:GET:${event}`;
    const listener = (message: unknown): void => void heard.push([event, message as TraceMessage]);
    diagnosticsChannel.subscribe(name, listener);
    context.own({ close: () => void diagnosticsChannel.unsubscribe(name, listener) });
  }
}

const makers: readonly [string, (system: string) => Telemetry][] = [
  ['nodeTelemetry', (system) => nodeTelemetry(system)],
  ['hostTelemetry', (system) => hostTelemetry(system)],
];

export const telemetryCases: readonly Case[] = makers.flatMap(([name, make]): Case[] => [
  {
    name: `${name}: is silent and describes nothing while nobody listens`,
    async run() {
      const operation = make(newSystem()).operation('GET');
      assert.equal(operation.active, false);
      const value = await trace(
        operation,
        () => assert.fail('described'),
        async () => 1,
      );
      assert.equal(value, 1);
    },
  },
  {
    name: `${name}: tells a call that succeeds, from start to end`,
    async run(context) {
      const system = newSystem();
      const operation = make(system).operation('GET');
      const heard: [string, TraceMessage][] = [];
      listen(context, system, heard);
      assert.equal(operation.active, true);
      const value = await trace(
        operation,
        () => ({ 'db.operation.name': 'GET' }),
        async () => 'value',
      );
      assert.equal(value, 'value');
      assert.deepEqual(
        heard.map(([event]) => event),
        ['start', 'end', 'asyncStart', 'asyncEnd'],
      );
      for (const [, message] of heard) {
        assert.equal(message, heard[0]?.[1]);
        assert.deepEqual([message.system, message.operation], [system, 'GET']);
      }
      assert.ok(!JSON.stringify(heard).includes('value'));
    },
  },
  {
    name: `${name}: tells what a call failed with, and lets it through`,
    async run(context) {
      const system = newSystem();
      const operation = make(system).operation('GET');
      const heard: [string, TraceMessage][] = [];
      listen(context, system, heard);
      const reason = new TypeError('no');
      await assert.rejects(
        trace(
          operation,
          () => ({}),
          () => Promise.reject(reason),
        ),
        reason,
      );
      assert.deepEqual(
        heard.map(([event]) => event),
        ['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
      );
      assert.equal(heard[2]?.[1].error, reason);
      assert.equal(heard[2]?.[1].attributes['error.type'], 'TypeError');
    },
  },
  {
    name: `${name}: stops when the last subscriber leaves`,
    async run() {
      const system = newSystem();
      const operation = make(system).operation('GET');
      const channel = `tracing:wirewright:${system}:GET:asyncEnd`;
      const listener = (): void => {};
      diagnosticsChannel.subscribe(channel, listener);
      assert.equal(operation.active, true);
      assert.equal(diagnosticsChannel.unsubscribe(channel, listener), true);
      assert.equal(operation.active, false);
    },
  },
  {
    name: `${name}: a store bound to the start is there during the call`,
    async run() {
      const system = newSystem();
      const operation = make(system).operation('GET');
      const channel = diagnosticsChannel.channel(`tracing:wirewright:${system}:GET:start`);
      const storage = new AsyncLocalStorage<unknown>();
      channel.bindStore(storage, (message) => (message as TraceMessage).operation);
      try {
        const seen = await trace(
          operation,
          () => ({}),
          async () => {
            await null;
            return storage.getStore();
          },
        );
        assert.equal(seen, 'GET');
        assert.equal(storage.getStore(), undefined);
      } finally {
        channel.unbindStore(storage);
      }
    },
  },
]);
