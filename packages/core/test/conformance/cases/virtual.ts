import assert from 'node:assert/strict';
import { Failure, Timekeeper, waitFor } from '@wirewright/core';
import { Connection, PipelinedWire } from '@wirewright/core/socket';
import { createFakePorts, VirtualNet } from '@wirewright/core/testing';
import type { Case } from '../case.ts';
import { bytesOf, textOf } from '../support/bytes.ts';
import { failureOf, lineCodec, type LineWire } from '../support/lines.ts';

/** What a test of a client does: a whole life on virtual time. */
async function virtualLife(seed: number): Promise<unknown[]> {
  const log: unknown[] = [];
  const ports = createFakePorts({ seed });
  const net = new VirtualNet({ clock: ports.clock, random: ports.random, up: { splitChance: 0.5 } });
  const target = { host: 'lines.test', port: 1 };
  net.listen(target, (link) => ({
    onOpen() {},
    onDrain() {},
    onClose() {},
    onEnd: () => link.server.destroy(),
    onData(bytes, length) {
      log.push(`${ports.clock.now()} got ${textOf(bytes.subarray(0, length)).trim()}`);
      link.server.write(bytesOf('ok\n'));
    },
  }));
  const timekeeper = new Timekeeper(ports.clock);
  const createWire = (connection: Connection<LineWire>): LineWire =>
    new PipelinedWire(connection, { timekeeper, codec: lineCodec });
  const opening = Connection.open<LineWire>({ ...ports, net, timekeeper, target, createWire });
  await ports.clock.advance(50);
  const connection = await opening;
  if (connection instanceof Failure) assert.fail(connection.message);
  const call = connection.wire.call('a');
  await ports.clock.advance(50);
  log.push(ports.clock.now(), await call);
  net.links[0]?.reset();
  const lost = connection.wire.call('b');
  await ports.clock.advance(50);
  log.push(failureOf(await lost).code);
  return log;
}

export const virtualCases: readonly Case[] = [
  {
    name: 'an hour passes in no time, and everything happens at its time',
    async run() {
      const ports = createFakePorts();
      const timekeeper = new Timekeeper(ports.clock);
      const ended: number[] = [];
      for (const minutes of [60, 1, 30]) {
        void waitFor(timekeeper, { dueAt: minutes * 60_000 }, 'case', () => {}).then(() => ended.push(minutes));
      }
      await ports.clock.advance(61 * 60_000);
      assert.deepEqual(ended, [1, 30, 60]);
      assert.equal(ports.clock.pendingTimers, 0);
    },
  },
  {
    name: 'a connection lives on a virtual network, the same way each time for the same seed',
    async run() {
      for (const seed of [1, 2, 3]) {
        const first = await virtualLife(seed);
        assert.ok(first.length >= 3, String(first.length));
        assert.deepEqual(await virtualLife(seed), first);
      }
    },
  },
];
