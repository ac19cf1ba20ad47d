import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemPorts, type Timer } from '../../src/ports.ts';
import { createFakePorts } from '../../src/testing/fake-ports.ts';
import { activeHandles, leaksOf, startLeakCheck } from '../../src/testing/leak-check.ts';
import { ScriptedServer } from '../../src/testing/scripted-server.ts';
import { VirtualNet } from '../../src/testing/virtual-net.ts';

describe('leaksOf', () => {
  it('finds sockets and servers that are still open, and not those that close in time', async () => {
    const left: { close(): Promise<void> }[] = [];
    const leaks = await leaksOf(
      async () => {
        const server = await ScriptedServer.listen();
        const socket = connect(server.target);
        await once(socket, 'connect');
        left.push({ close: async () => (socket.destroy(), server.close()) });
      },
      { turns: 2 },
    );
    expect(leaks.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['handle TCPSocketWrap', 'handle TCPServerWrap']),
    );
    for (const { before, after } of leaks) expect(after).toBeGreaterThan(before);
    expect(await leaksOf(() => left[0]?.close())).toEqual([]);
    const path = join(tmpdir(), `wirewright-leak-${process.pid}.sock`);
    const onPath: ScriptedServer[] = [];
    const listen = async (): Promise<void> => {
      onPath.push(await ScriptedServer.listen({ path }));
      await once(connect(path), 'connect');
      await onPath[0]?.accept();
    };
    expect((await leaksOf(listen, { turns: 2 })).map(({ what }) => what)).toContain('handle PipeWrap');
    await onPath[0]?.close();
    const tidy = await leaksOf(async () => {
      const server = await ScriptedServer.listen();
      const socket = connect(server.target);
      await once(socket, 'connect');
      socket.destroy();
      await server.close();
    });
    expect(tidy).toEqual([]);
  });

  it('finds timers of the platform', async () => {
    let timer: Timer | undefined;
    const start = (): void => void (timer = systemPorts.clock.setTimer(() => {}, 1e9));
    const leaks = await leaksOf(start, { turns: 1 });
    expect(leaks).toEqual([{ what: 'handle Timeout', before: expect.any(Number), after: expect.any(Number) }]);
    timer?.cancel();
  });

  it('counts only the handles that it is told to', async () => {
    let timer: Timer | undefined;
    const start = (): void => void (timer = systemPorts.clock.setTimer(() => {}, 1e9));
    expect(await leaksOf(start, { handles: ['TCPSocketWrap'], turns: 1 })).toEqual([]);
    expect(activeHandles(['Timeout']).get('Timeout')).toBeGreaterThan(0);
    timer?.cancel();
  });

  it('finds listeners on signals', async () => {
    const { signal } = new AbortController();
    const other = new AbortController().signal;
    const listener = (): void => {};
    signal.addEventListener('abort', listener);
    const listen = (): void => other.addEventListener('abort', listener);
    expect(await leaksOf(listen, { signals: [signal, other], turns: 1 })).toEqual([
      { what: 'abort listener', before: 1, after: 2 },
    ]);
    expect(await leaksOf(() => other.removeEventListener('abort', listener), { signals: [signal, other] })).toEqual([]);
  });

  it('finds timers of a fake clock and sockets of a virtual network', async () => {
    const { clock, random } = createFakePorts();
    const net = new VirtualNet({ clock, random });
    const handler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
    const check = startLeakCheck({ clock, net, turns: 1 });
    const timer = clock.setTimer(() => {}, 5);
    const socket = net.dial({ target: { host: 'db', port: 1 }, keepAliveMs: 0 }, handler);
    expect(await check.leaks()).toEqual([
      { what: 'virtual timer', before: 0, after: 1 },
      { what: 'virtual socket', before: 0, after: 1 },
    ]);
    timer.cancel();
    socket.destroy();
    await clock.advance(0);
    expect(await check.leaks()).toEqual([]);
  });

  it('passes on what the use throws', async () => {
    await expect(leaksOf(() => Promise.reject(new Error('use')))).rejects.toThrow('use');
  });
});
