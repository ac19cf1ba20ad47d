import { describe, expect, it } from 'vitest';
import { Failure, Pending, tickMs } from '../../src/index.ts';
import { openPuppet, type PuppetOptions, upPuppet } from '../support/puppet-connection.ts';

const refused = (): Failure =>
  new Failure({ kind: 'authentication', message: 'who are you?', outcome: 'rejected', retryable: false });

/** A handshake that a test ends. */
function handshake(): { prepare: NonNullable<PuppetOptions['prepare']>; end: (failure?: Failure) => void } {
  const { promise, resolve } = withResolvers<Failure | undefined>();
  return { prepare: (wire) => (wire.handshake = () => promise), end: (failure) => resolve(failure) };
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

describe('Connection.open', () => {
  it('dials what it is told to, with defaults for the rest', () => {
    const tls = { servername: 'db' };
    expect(openPuppet({ tls, keepAliveMs: 5 }).socket.options).toEqual({
      target: { host: 'db.test', port: 7000 },
      tls,
      keepAliveMs: 5,
    });
    expect(openPuppet().socket.options).toMatchObject({ tls: undefined, keepAliveMs: 30_000 });
  });

  it('is up when the socket is, where there is no handshake', async () => {
    const puppet = openPuppet();
    await puppet.settle();
    expect([puppet.wire.connection.state.is, puppet.wire.connection.up]).toEqual(['dialing', false]);
    expect(puppet.result).toBeUndefined();
    puppet.socket.handler.onOpen();
    await puppet.settle();
    expect(puppet.result).toBe(puppet.wire.connection);
    expect([puppet.wire.connection.state.is, puppet.wire.connection.up]).toEqual(['up', true]);
    expect(puppet.wire.connection.endpoint).toBe('db.test:7000');
    expect(puppet.timekeeper.size).toBe(0);
  });

  it('is up after the handshake', async () => {
    const { prepare, end } = handshake();
    const puppet = openPuppet({ prepare });
    puppet.socket.handler.onOpen();
    puppet.wire.write('hello');
    puppet.wire.connection.flush();
    expect(puppet.socket.sent).toBe('hello');
    puppet.socket.receive('welcome');
    await puppet.settle();
    expect(puppet.wire.connection.state.is).toBe('handshaking');
    expect(puppet.result).toBeUndefined();
    end();
    await puppet.settle();
    expect(puppet.result).toBe(puppet.wire.connection);
    expect(puppet.wire.log).toEqual(['welcome']);
  });

  it('sends what was written before it was up, not before', async () => {
    const puppet = openPuppet({ prepare: (wire) => void wire.write('early') });
    puppet.wire.connection.flush();
    puppet.wire.connection.flushSoon();
    await puppet.settle();
    expect(puppet.socket.log).toEqual([]);
    puppet.socket.handler.onOpen();
    expect(puppet.socket.sent).toBe('early');
  });

  it('says why there was no connection, by code, and that nothing was sent', async () => {
    const causes: [Error | undefined, string][] = [
      [Object.assign(new Error('connect ECONNREFUSED 10.0.0.1'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
      [new RangeError('bad'), 'RangeError'],
      [undefined, 'closed while connecting'],
    ];
    for (const [cause, reason] of causes) {
      const puppet = openPuppet();
      puppet.socket.handler.onClose(cause);
      await puppet.settle();
      expect(puppet.result).toMatchObject({
        kind: 'connection',
        code: 'CONNECT_FAILED',
        message: `could not connect to db.test:7000: ${reason}`,
        outcome: 'not-sent',
        retryable: true,
        endpoint: 'db.test:7000',
        cause,
      });
      expect(puppet.wire.log).toEqual(['closed']);
      expect(puppet.closed).toEqual([]);
      expect(puppet.timekeeper.size).toBe(0);
    }
  });

  it('settles, and does not throw, when dialling throws', async () => {
    for (const [cause, reason] of [
      [new RangeError('port should be < 65536'), 'RangeError'],
      ['no error at all', 'unknown error'],
    ] as const) {
      const net = {
        dial() {
          throw cause as Error;
        },
      };
      const puppet = openPuppet({ net });
      await puppet.settle();
      expect(puppet.result).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent', cause });
      expect((puppet.result as unknown as Failure).message).toBe(`could not connect to db.test:7000: ${reason}`);
      expect(puppet.timekeeper.size).toBe(0);
    }
  });

  it('settles, and lets go of the socket, when the wire cannot be made', async () => {
    const cause = new TypeError('a wire with a bug');
    const puppet = openPuppet({
      createWire() {
        throw cause;
      },
    });
    await puppet.settle();
    expect(puppet.result).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent', cause });
    expect(puppet.socket.destroyed).toBe(true);
    const { handler } = puppet.socket;
    handler.onOpen();
    puppet.socket.receive('x');
    handler.onDrain();
    handler.onEnd();
    handler.onClose(undefined);
    expect(puppet.closed).toEqual([]);
  });

  it('leaves no stall limit behind when the wire cannot be made', async () => {
    let asked = 0;
    const puppet = openPuppet({
      createWire(connection) {
        connection.limitStall({ stalledMs: () => (asked += 1) }, 1e6);
        throw new TypeError('a wire with a bug');
      },
    });
    puppet.timekeeper.add(new Pending(() => {}, Infinity));
    await puppet.ports.clock.advance(50);
    expect(asked).toBe(0);
  });

  it('tells the wire when it was closed while the wire was made', async () => {
    const puppet = openPuppet({ prepare: (wire) => wire.connection.close(refused()) });
    await puppet.settle();
    expect(puppet.result).toMatchObject({ kind: 'authentication', outcome: 'not-sent' });
    expect(puppet.wire.log).toEqual(['closed']);
    expect(puppet.socket.destroyed).toBe(true);
  });
});

describe('Connection.open: handshakes that fail', () => {
  it('end the connection with their failure, and where it was', async () => {
    const { prepare, end } = handshake();
    const puppet = await upPuppet({ prepare });
    end(refused());
    await puppet.settle();
    expect(puppet.result).toMatchObject({ kind: 'authentication', outcome: 'not-sent', endpoint: 'db.test:7000' });
    expect(puppet.socket.destroyed).toBe(true);
    expect(puppet.wire.closedWith).toMatchObject({ kind: 'authentication', outcome: 'rejected' });
    expect(puppet.closed).toEqual([]);
  });

  it.each<[string, PuppetOptions['prepare']]>([
    ['rejects', (wire) => (wire.handshake = () => Promise.reject(new TypeError('a bug')))],
    [
      'throws',
      (wire) => {
        wire.handshake = () => {
          throw new TypeError('a bug');
        };
      },
    ],
  ])('end it when one %s', async (_, prepare) => {
    const puppet = await upPuppet({ prepare: prepare as NonNullable<typeof prepare> });
    expect(puppet.result).toMatchObject({ code: 'DECODER_FAILED', outcome: 'not-sent', cause: { message: 'a bug' } });
    expect(puppet.socket.destroyed).toBe(true);
  });

  it('say that the peer hung up', async () => {
    for (const [received, code] of [
      ['', 'REFUSED'],
      ['x', 'CONNECTION_LOST'],
    ] as const) {
      const puppet = await upPuppet({ prepare: handshake().prepare });
      if (received) puppet.socket.receive(received);
      puppet.socket.handler.onEnd();
      await puppet.settle();
      expect(puppet.result).toMatchObject({ kind: 'connection', code, outcome: 'not-sent', retryable: true });
    }
  });

  it('change nothing when they end after the connection', async () => {
    for (const failure of [undefined, refused()]) {
      const { prepare, end } = handshake();
      const puppet = await upPuppet({ prepare });
      puppet.socket.handler.onClose(undefined);
      end(failure);
      await puppet.settle();
      expect(puppet.result).toMatchObject({ code: 'REFUSED' });
      expect(puppet.wire.log).toEqual(['closed']);
      expect(puppet.wire.connection.up).toBe(false);
    }
  });
});

describe('Connection.open: limits', () => {
  it('ends at the deadline, in every phase, which it names', async () => {
    for (const phase of ['connect', 'handshake'] as const) {
      const puppet = openPuppet({ connectTimeoutMs: 200, prepare: handshake().prepare });
      if (phase === 'handshake') puppet.socket.handler.onOpen();
      await puppet.ports.clock.advance(190);
      expect(puppet.result).toBeUndefined();
      await puppet.ports.clock.advance(tickMs + 10);
      expect(puppet.result).toMatchObject({
        kind: 'timeout',
        outcome: 'not-sent',
        details: { phase },
        endpoint: 'db.test:7000',
      });
      expect(puppet.socket.destroyed).toBe(true);
      expect(puppet.wire.log).toEqual(['closed']);
      await puppet.ports.clock.advance(tickMs);
      expect([puppet.timekeeper.size, puppet.ports.clock.pendingTimers]).toEqual([0, 0]);
    }
  });

  it('gives dialling and handshake 10 s together when nothing is said', async () => {
    const puppet = openPuppet({ prepare: handshake().prepare });
    await puppet.ports.clock.advance(6000);
    puppet.socket.handler.onOpen();
    await puppet.ports.clock.advance(3990);
    expect(puppet.result).toBeUndefined();
    await puppet.ports.clock.advance(2 * tickMs);
    expect(puppet.result).toMatchObject({ kind: 'timeout', details: { phase: 'handshake' } });
  });

  it('ends when its signal is aborted, in every phase', async () => {
    for (const phase of ['connect', 'handshake'] as const) {
      const controller = new AbortController();
      const puppet = openPuppet({ signal: controller.signal, prepare: handshake().prepare });
      if (phase === 'handshake') puppet.socket.handler.onOpen();
      controller.abort('enough');
      await puppet.settle();
      expect(puppet.result).toMatchObject({
        kind: 'aborted',
        cause: 'enough',
        outcome: 'not-sent',
        details: { phase },
      });
      expect(puppet.socket.destroyed).toBe(true);
    }
  });

  it('ends with its client', async () => {
    const puppet = openPuppet();
    puppet.timekeeper.abandonAll('shutdown');
    await puppet.settle();
    expect(puppet.result).toMatchObject({ kind: 'closed', cause: 'shutdown', outcome: 'not-sent' });
    expect(puppet.socket.destroyed).toBe(true);
  });

  it('is not ended by its signal once it is up', async () => {
    const controller = new AbortController();
    const puppet = await upPuppet({ signal: controller.signal });
    controller.abort();
    await puppet.ports.clock.advance(20_000);
    expect(puppet.wire.connection.up).toBe(true);
  });

  it('dials nothing for a signal that is aborted already, nor for a client that is destroyed', async () => {
    const aborted = openPuppet({ signal: AbortSignal.abort('no') });
    await aborted.settle();
    expect(aborted.result).toMatchObject({ kind: 'aborted', cause: 'no', outcome: 'not-sent' });
    expect(aborted.net.sockets).toEqual([]);
  });
});
