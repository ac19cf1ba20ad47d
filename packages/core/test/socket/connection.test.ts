import { describe, expect, it } from 'vitest';
import { Failure, Pending, tickMs } from '../../src/index.ts';
import { WireError } from '../../src/kit/index.ts';
import { openPuppet, type PuppetWire, upPuppet } from '../support/puppet-connection.ts';

const gone = (init: Partial<Failure> = {}): Failure =>
  new Failure({ kind: 'closed', message: 'closed by the test', outcome: 'not-sent', retryable: false, ...init });

describe('Connection: writing', () => {
  it('sends what a turn wrote in one write', async () => {
    const { wire, socket, ports, settle } = await upPuppet();
    for (const text of ['a', 'b', 'c']) {
      wire.write(text);
      wire.connection.flushSoon();
    }
    expect(ports.fakeTurns.pendingTicks).toBe(1);
    expect(socket.log).toEqual([]);
    await settle();
    expect(socket.log).toEqual(['write 3']);
    wire.write('d');
    wire.connection.flushSoon();
    await settle();
    expect(socket.log).toEqual(['write 3', 'write 1']);
  });

  it('sends what many have written before the turn ends, and the rest behind it', async () => {
    const { wire, socket, settle } = await upPuppet();
    for (let i = 0; i < 100; i += 1) {
      wire.write('x');
      wire.connection.flushSoon();
    }
    expect(socket.log).toEqual(['write 48', 'write 48']);
    await settle();
    expect(socket.log).toEqual(['write 48', 'write 48', 'write 4']);
    for (let i = 0; i < 47; i += 1) {
      wire.write('y');
      wire.connection.flushSoon();
    }
    expect(socket.log).toHaveLength(3);
    await settle();
    expect(socket.log.slice(3)).toEqual(['write 47']);
  });

  it('sends at once what comes alone again, behind the answer to the one before', async () => {
    const { wire, socket, settle } = await upPuppet();
    const write = (text: string): void => {
      wire.write(text);
      wire.connection.flushSoon();
    };
    write('a');
    expect(socket.log).toEqual([]);
    await settle();
    socket.receive('answer');
    write('b');
    expect(socket.log).toEqual(['write 1', 'write 1']);
    // Not alone after all.
    write('c');
    write('d');
    expect(socket.log).toHaveLength(2);
    await settle();
    expect(socket.log).toEqual(['write 1', 'write 1', 'write 2']);
    // In pieces, an answer is one all the same.
    socket.receive('answ');
    socket.receive('er');
    write('e');
    expect(socket.log).toHaveLength(3);
    await settle();
    socket.receive('answer');
    write('f');
    expect(socket.log).toEqual(['write 1', 'write 1', 'write 2', 'write 1', 'write 1']);
  });

  it.each([
    ['at once', (wire: PuppetWire) => wire.connection.flush()],
    ['with many others', (wire: PuppetWire) => Array.from({ length: 48 }, () => wire.connection.flushSoon())],
  ])('ends when its socket throws at a write that is made %s', async (_, flush) => {
    const { wire, socket, send, settle } = await upPuppet();
    const sent = send('lost');
    socket.write = () => {
      throw new Error('on purpose');
    };
    flush(wire);
    await settle();
    expect(wire.connection.state).toMatchObject({ is: 'closed', failure: { kind: 'connection' } });
    expect(wire.connection.hasLeft(sent.pending)).toBe(true);
  });

  it('ends when who is told of progress throws', async () => {
    const puppet = await upPuppet({
      onProgress: () => {
        throw new Error('on purpose');
      },
    });
    puppet.socket.receive('x');
    expect(puppet.wire.connection.state).toMatchObject({ is: 'closed', failure: { code: 'DECODER_FAILED' } });
  });

  it('sends at once when asked to', async () => {
    const { wire, socket } = await upPuppet();
    wire.write('now');
    wire.connection.flush();
    expect(socket.sent).toBe('now');
  });

  it('gathers while the socket holds bytes, and sends together when it was drained', async () => {
    const { wire, socket, settle } = await upPuppet();
    socket.taking = false;
    for (const text of ['1', '2', '3']) {
      wire.write(text);
      wire.connection.flushSoon();
      await settle();
    }
    expect(socket.log).toEqual(['write 1']);
    socket.drain();
    expect(socket.log).toEqual(['write 1', 'write 2']);
  });

  it('knows what has left and takes back what has not', async () => {
    const { wire, socket, send } = await upPuppet();
    const first = send('first');
    wire.connection.flush();
    const second = send('second');
    expect([first, second].map(({ pending }) => wire.connection.hasLeft(pending))).toEqual([true, false]);
    expect([first, second].map(({ pending }) => wire.connection.withdraw(pending))).toEqual([false, true]);
    wire.connection.flush();
    expect(socket.sent).toBe('first');
  });

  it('gathers in slabs of the size that it is told', async () => {
    for (const [slabBytes, expected] of [
      [100, 100],
      [undefined, 65_536],
    ] as const) {
      const { wire } = await upPuppet(slabBytes === undefined ? {} : { slabBytes });
      wire.write('x');
      expect(wire.connection.out.bytes.length).toBe(expected);
    }
  });

  it('writes nothing after the end', async () => {
    const { wire, socket, settle } = await upPuppet();
    wire.write('lost');
    wire.connection.flushSoon();
    wire.connection.close(gone());
    wire.connection.flush();
    socket.handler.onDrain();
    await settle();
    expect(socket.log).toEqual(['destroy']);
  });
});

describe('Connection: half close', () => {
  it('comes after what was written', async () => {
    const { wire, socket } = await upPuppet();
    wire.write('bye');
    wire.connection.halfClose();
    expect(socket.log).toEqual(['write 3', 'end']);
    wire.connection.flush();
    expect(socket.log).toEqual(['write 3', 'end']);
  });

  it('waits for a socket that holds bytes', async () => {
    const { wire, socket } = await upPuppet();
    socket.taking = false;
    wire.write('one');
    wire.connection.flush();
    wire.write('two');
    wire.connection.halfClose();
    expect(socket.log).toEqual(['write 3']);
    socket.drain();
    expect(socket.log).toEqual(['write 3', 'write 3', 'end']);
    socket.drain();
    expect(socket.log).toHaveLength(3);
  });

  it('waits for the connection to be up', () => {
    const { wire, socket } = openPuppet({ prepare: (made) => void made.write('hello') });
    wire.connection.halfClose();
    expect(socket.log).toEqual([]);
    socket.handler.onOpen();
    expect(socket.log).toEqual(['write 5', 'end']);
  });
});

describe('Connection: receiving', () => {
  it('hands on what comes in, and counts it', async () => {
    const { wire, socket, send } = await upPuppet();
    const call = send('question');
    wire.connection.flush();
    socket.receive('answer');
    expect(call.result).toBe('answer');
    socket.receive('more');
    expect(wire.log).toEqual(['answer', 'more']);
    expect(wire.connection.bytesReceived).toBe(10);
  });

  it('ends with the peer as the culprit when the wire says so, and with the wire otherwise', async () => {
    for (const [thrown, code, message] of [
      [new WireError('a frame of 9 bytes was announced'), 'PROTOCOL', 'a frame of 9 bytes was announced'],
      [new TypeError('x is undefined'), 'DECODER_FAILED', 'the cause tells where'],
    ] as const) {
      const { wire, socket, send, closed } = await upPuppet();
      const sent = send('sent');
      wire.connection.flush();
      const unsent = send('unsent');
      wire.onData = () => {
        throw thrown;
      };
      socket.receive('x');
      expect(sent.result).toMatchObject({
        kind: 'protocol',
        code,
        outcome: 'unknown',
        cause: thrown,
        endpoint: 'db.test:7000',
      });
      expect((sent.result as Failure).message).toContain(message);
      expect(unsent.result).toMatchObject({ code, outcome: 'not-sent' });
      expect(closed).toHaveLength(1);
      expect(socket.destroyed).toBe(true);
      // Not even what came in the same breath.
      socket.receive('y');
      expect(wire.connection.bytesReceived).toBe(1);
    }
  });

  it('tells of progress after received bytes, taken bytes, and a turn that was sent; not after the end', async () => {
    const puppet = await upPuppet();
    const { wire, socket, settle } = puppet;
    socket.receive('x');
    expect(puppet.progress).toBe(1);
    socket.drain();
    expect(puppet.progress).toBe(2);
    wire.write('y');
    wire.connection.flushSoon();
    await settle();
    expect(puppet.progress).toBe(3);
    wire.write('z');
    wire.connection.flushSoon();
    wire.connection.close(gone());
    socket.receive('x');
    socket.drain();
    await settle();
    expect(puppet.progress).toBe(3);
  });

  it('stops and goes on, and keeps the process alive, as its socket does', async () => {
    const { wire, socket } = await upPuppet();
    const { connection } = wire;
    expect(connection.paused).toBe(false);
    connection.pause();
    expect(connection.paused).toBe(true);
    connection.resume();
    expect(connection.paused).toBe(false);
    connection.unref();
    connection.ref();
    expect(socket.log).toEqual(['pause', 'resume', 'unref', 'ref']);
  });
});

describe('Connection: the peer ends it', () => {
  it('by FIN: what was sent ends unknown, what was not as not sent', async () => {
    const { wire, socket, send, closed } = await upPuppet();
    socket.receive('x');
    const sent = send('sent');
    wire.connection.flush();
    const unsent = send('unsent');
    socket.handler.onEnd();
    expect(sent.result).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown', retryable: true });
    expect(unsent.result).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-sent' });
    expect(closed).toMatchObject([[wire.connection, { message: 'the connection was closed by the peer' }]]);
    expect(socket.destroyed).toBe(true);
    expect(wire.connection.state).toMatchObject({ is: 'closed', failure: { code: 'CONNECTION_LOST' } });
  });

  it('by FIN, before a byte: that is a refusal', async () => {
    const { socket, closed } = await upPuppet();
    socket.handler.onEnd();
    expect(closed).toMatchObject([[{}, { code: 'REFUSED', outcome: 'unknown', retryable: true }]]);
  });

  it('by FIN that its protocol can do without', async () => {
    let asked = 0;
    const { wire, socket, closed } = await upPuppet({ prepare: (made) => (made.onEnd = () => ((asked += 1), true)) });
    socket.handler.onEnd();
    expect([asked, wire.connection.up, closed.length]).toEqual([1, true, 0]);
    socket.receive('x');
    socket.handler.onClose(undefined);
    expect(closed).toMatchObject([[{}, { code: 'CONNECTION_LOST' }]]);
  });

  it('by FIN that its protocol cannot do without, or chokes on', async () => {
    const prepare = [
      () => false,
      () => {
        throw new TypeError('a bug');
      },
    ];
    const codes: string[] = [];
    for (const onEnd of prepare) {
      const { socket, closed } = await upPuppet({ prepare: (made) => (made.onEnd = onEnd) });
      socket.receive('x');
      socket.handler.onEnd();
      codes.push(closed[0]?.[1].code ?? '');
      socket.handler.onEnd();
      expect(closed).toHaveLength(1);
    }
    expect(codes).toEqual(['CONNECTION_LOST', 'DECODER_FAILED']);
  });

  it('by an error, which is named by its code, and kept as the cause', async () => {
    const { socket, closed } = await upPuppet();
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    socket.receive('x');
    socket.handler.onClose(cause);
    expect(closed).toMatchObject([[{}, { code: 'CONNECTION_LOST', message: 'the connection was closed: ECONNRESET' }]]);
    expect(closed[0]?.[1].cause).toBe(cause);
  });

  it('by an error, before a byte', async () => {
    const { socket, closed } = await upPuppet();
    socket.handler.onClose(Object.assign(new Error('read'), { code: 'ECONNRESET' }));
    expect(closed[0]?.[1]).toMatchObject({ code: 'REFUSED' });
    expect(closed[0]?.[1].message).toMatch(/ECONNRESET$/);
  });
});

describe('Connection: closing', () => {
  it('happens once, whoever wants it too', async () => {
    const { wire, socket, closed } = await upPuppet();
    const first = gone();
    wire.connection.close(first);
    wire.connection.close(gone());
    socket.handler.onEnd();
    socket.handler.onClose(new Error('too late'));
    expect(wire.log).toEqual(['closed']);
    expect(closed).toEqual([[wire.connection, first]]);
    expect(socket.log).toEqual(['destroy']);
    expect(wire.connection.state).toEqual({ is: 'closed', failure: first });
  });

  it('never says not sent of what has left', async () => {
    const { wire, send } = await upPuppet();
    const sent = send('sent');
    wire.connection.flush();
    const unsent = send('unsent');
    wire.connection.close(gone({ outcome: 'not-sent' }));
    expect([sent.result, unsent.result]).toMatchObject([{ outcome: 'unknown' }, { outcome: 'not-sent' }]);
  });

  it('lets nothing wait that is sent afterwards', async () => {
    const { wire, send, timekeeper } = await upPuppet();
    wire.connection.close(gone());
    expect(send('late').result).toMatchObject({ kind: 'closed', outcome: 'not-sent' });
    expect(timekeeper.size).toBe(0);
  });

  it('may come from inside everything that the wire is told', async () => {
    const inData = await upPuppet();
    inData.wire.onData = () => inData.wire.connection.close(gone());
    inData.socket.receive('x');
    const inEnd = await upPuppet();
    inEnd.wire.onEnd = () => (inEnd.wire.connection.close(gone()), true);
    inEnd.socket.handler.onEnd();
    const inClose = await upPuppet();
    inClose.wire.onClose = () => inClose.wire.connection.close(gone());
    inClose.wire.connection.close(gone());
    for (const { closed, socket } of [inData, inEnd, inClose]) {
      expect(closed).toHaveLength(1);
      expect(socket.log).toEqual(['destroy']);
    }
  });

  it('is closing all the same when the wire throws, and says why', async () => {
    const cause = new TypeError('a wire with a bug');
    const prepare = (wire: PuppetWire): void => {
      wire.onClose = () => {
        throw cause;
      };
    };
    const up = await upPuppet({ prepare });
    expect(() => up.wire.connection.close(gone())).not.toThrow();
    expect(up.closed).toMatchObject([[{}, { code: 'DECODER_FAILED', cause }]]);
    const opening = openPuppet({ prepare });
    opening.socket.handler.onClose(undefined);
    await opening.settle();
    expect(opening.result).toMatchObject({ code: 'DECODER_FAILED', outcome: 'not-sent', cause });
  });

  it('tells nobody else when it was never up', async () => {
    const { wire, closed, settle } = openPuppet();
    wire.connection.close(gone());
    await settle();
    expect(closed).toEqual([]);
  });
});

describe('Connection: requests that are given up', () => {
  it('tells the wire of those that have left, and only of those', async () => {
    let told = 0;
    const { wire, send } = await upPuppet({ prepare: (made) => (made.onTombstone = () => void (told += 1)) });
    const sent = send('sent');
    wire.connection.flush();
    const unsent = send('unsent');
    wire.table.abandon(unsent.pending, 'aborted');
    expect(told).toBe(0);
    wire.table.abandon(sent.pending, 'aborted');
    expect(told).toBe(1);
    expect([sent.result, unsent.result]).toMatchObject([{ outcome: 'unknown' }, { outcome: 'not-sent' }]);
  });

  it('waits for the late answer where the wire does not care', async () => {
    const { wire, send, socket } = await upPuppet();
    const sent = send('sent');
    wire.connection.flush();
    wire.table.abandon(sent.pending, 'deadline');
    expect(wire.table.tombstones).toBe(1);
    socket.receive('late');
    expect([wire.table.tombstones, wire.connection.up]).toEqual([0, true]);
  });

  it('ends when one holds up the others for longer than the limit: at a tick, or when asked', async () => {
    for (const how of ['tick', 'asked'] as const) {
      const { wire, send, timekeeper, ports, closed } = await upPuppet();
      wire.connection.limitStall(wire.table, 100);
      const sent = send('sent');
      wire.connection.flush();
      wire.table.abandon(sent.pending, 'deadline');
      ports.clock.jump(100);
      wire.connection.closeIfStalled();
      expect(wire.connection.up).toBe(true);
      ports.clock.jump(1);
      if (how === 'asked') {
        wire.connection.closeIfStalled();
      } else {
        timekeeper.add(new Pending(() => {}, Infinity));
        await ports.clock.advance(tickMs);
      }
      expect(closed).toMatchObject([[{}, { kind: 'connection', code: 'STALLED', outcome: 'unknown' }]]);
    }
  });
});
