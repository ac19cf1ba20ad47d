import { describe, expect, it } from 'vitest';
import { ArgumentError, Failure } from '../../src/index.ts';
import { WireError } from '../../src/kit/index.ts';
import { Connection, type PipelineCodec, type PipelinedWireOptions } from '../../src/socket/index.ts';
import { createLines, lineCodec, type LineOptions, type Lines, type LineWire } from '../support/lines.ts';
import { Request } from '../support/table-host.ts';

type WireSettings = Partial<PipelinedWireOptions<string, string>>;

interface Opened extends Lines {
  readonly wire: LineWire;
  /** What the server says, whether or not it was asked. */
  say(...lines: string[]): Promise<void>;
}

/** A connection without a session. */
async function opened(settings: WireSettings = {}, options: LineOptions = {}): Promise<Opened> {
  const lines = createLines({ ...options, wire: settings });
  const [connection] = await Promise.all([Connection.open(lines.connection), lines.run()]);
  if (connection instanceof Failure) throw connection.toError({ system: 'test', attempts: 1 });
  const say = async (...said: string[]): Promise<void> => {
    const text = said.map((line) => `${line}\n`).join('');
    lines.net.links[0]?.server.write(new TextEncoder().encode(text));
    await lines.run();
  };
  return Object.assign(lines, { wire: connection.wire, say });
}

/** As if nothing looked at what it returns. */
const failLater = (() => Promise.reject(new TypeError('a bug'))) as () => never;

const codecWith = (changes: Partial<PipelineCodec<string, string>>): PipelineCodec<string, string> => ({
  ...lineCodec,
  ...changes,
});

/** Lines that begin with `>` answer nothing. */
const pushing = codecWith({ isPush: (bytes, start) => bytes[start] === 0x3e });

describe('PipelinedWire', () => {
  it('gives each answer to the oldest request, however many are under way', async () => {
    const { wire, run, received } = await opened();
    const calls = Array.from({ length: 100 }, (_, i) => wire.call(`${i}`));
    expect(wire.inFlight).toBe(100);
    await run();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, i) => `re ${i}`));
    expect(received.length).toBe(100);
    expect(wire.inFlight).toBe(0);
  });

  it('hands on a refusal of the server as the failure that the codec makes of it', async () => {
    const refusal = new Failure({ kind: 'server', message: 'no', outcome: 'rejected', retryable: false });
    const { wire, run } = await opened({ codec: codecWith({ read: () => refusal }) });
    expect(await Promise.all([wire.call('a'), run()])).toEqual([refusal, undefined]);
  });

  it('sends all requests of a turn in one write', async () => {
    const lines = await opened();
    const before = lines.wire.connection.out.flushed;
    void lines.wire.call('a');
    void lines.wire.call('b');
    expect(lines.wire.connection.out.flushed).toBe(before);
    lines.ports.fakeTurns.runTicks();
    expect(lines.wire.connection.out.flushed - before).toBe(4);
  });

  it('is fit for a lease while it is up and nothing is unanswered', async () => {
    const { wire, run } = await opened();
    expect(wire.usable).toBe(true);
    void wire.call('a');
    expect(wire.usable).toBe(false);
    await run();
    expect(wire.usable).toBe(true);
    wire.close(new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false }));
    expect(wire.usable).toBe(false);
  });
});

describe('a pipelined wire is full', () => {
  it.each([
    [{ maxInFlight: 2 }, 2],
    [{}, 1024],
  ])('by requests without an answer: %s', async (settings, most) => {
    const lines = await opened(settings);
    lines.answer = () => undefined;
    for (let i = 0; i < most; i += 1) {
      expect(lines.wire.isFull()).toBe(false);
      lines.wire.send('x', new Request());
    }
    expect([lines.wire.isFull(), lines.wire.inFlight]).toEqual([true, most]);
    await lines.run();
    expect(lines.wire.isFull()).toBe(true);
    await lines.say('answer');
    expect(lines.wire.isFull()).toBe(false);
  });

  it.each([
    [{ maxQueuedBytes: 10 }, 10],
    [{}, 1024 * 1024],
  ])('by bytes that wait to be taken: %s', async (settings, most) => {
    const { wire, run } = await opened(settings);
    wire.send('x'.repeat(most - 1), new Request());
    expect(wire.isFull()).toBe(false);
    wire.send('', new Request());
    expect(wire.isFull()).toBe(true);
    await run();
    expect(wire.isFull()).toBe(false);
  });

  it('and refuses what would go past the waiting room then', async () => {
    const lines = await opened({ maxInFlight: 1 });
    lines.answer = () => undefined;
    void lines.wire.call('a');
    expect(await lines.wire.call('b')).toMatchObject({
      kind: 'overloaded',
      outcome: 'not-sent',
      retryable: true,
      endpoint: 'lines.test:1',
      details: { phase: 'request' },
    });
    await lines.run();
    expect(lines.received.map(({ line }) => line)).toEqual(['a']);
  });
});

describe('a request on a pipelined wire that is given up', () => {
  it('before it left is taken back', async () => {
    const { wire, run, received } = await opened();
    const controller = new AbortController();
    const calls = [wire.call('a', { dueAt: Infinity, signal: controller.signal }), wire.call('b')];
    controller.abort('enough');
    await run();
    expect(await Promise.all(calls)).toMatchObject([{ kind: 'aborted', outcome: 'not-sent', cause: 'enough' }, 're b']);
    expect(received.map(({ line }) => line)).toEqual(['b']);
  });

  it('afterwards keeps its place, and its late answer meets nobody', async () => {
    const lines = await opened();
    lines.answer = ({ line }) => (line === 'a' ? undefined : `re ${line}`);
    const first = lines.wire.call('a', { dueAt: lines.ports.clock.now() + 20 });
    await lines.run(40);
    expect(await first).toMatchObject({ kind: 'timeout', outcome: 'unknown' });
    expect([lines.wire.inFlight, lines.wire.usable]).toEqual([1, false]);
    lines.answer = () => undefined;
    const second = lines.wire.call('b');
    await lines.run();
    await lines.say('late', 'for b');
    expect(await second).toBe('for b');
    expect(lines.wire.usable).toBe(true);
  });

  it('is refused before it is written when its signal was aborted already, or its client is over', async () => {
    const { wire, timekeeper, run, received } = await opened();
    const signal = AbortSignal.abort('no');
    expect(await wire.call('a', { dueAt: Infinity, signal })).toMatchObject({ kind: 'aborted', cause: 'no' });
    timekeeper.abandonAll('over');
    expect(await wire.call('b')).toMatchObject({ kind: 'closed', outcome: 'not-sent' });
    await run();
    expect(received).toEqual([]);
  });

  it.each([
    [{ stallMs: 200 }, 200],
    [{}, 10_000],
  ])('ends the connection when it holds up the others for too long: %s', async (settings, stallMs) => {
    const lines = await opened(settings);
    lines.answer = () => undefined;
    const first = lines.wire.call('a', { dueAt: lines.ports.clock.now() + 10 });
    const second = lines.wire.call('b');
    await lines.run(stallMs);
    expect(lines.wire.connection.up).toBe(true);
    await lines.run(40);
    expect(await first).toMatchObject({ kind: 'timeout' });
    expect(await second).toMatchObject({ code: 'STALLED', outcome: 'unknown', retryable: true });
  });

  it('ends it before another joins, when nobody was there to notice the stall', async () => {
    const lines = await opened({ stallMs: 200 });
    lines.answer = () => undefined;
    await Promise.all([lines.wire.call('a', { dueAt: lines.ports.clock.now() + 10 }), lines.run(100)]);
    lines.ports.clock.jump(1000);
    const late = lines.wire.call('b');
    expect(await late).toMatchObject({ code: 'STALLED', outcome: 'not-sent' });
    await lines.run();
    expect(lines.received.map(({ line }) => line)).toEqual(['a']);
  });
});

describe('what a peer sends on a pipelined wire', () => {
  it('ends the connection when it answers nothing', async () => {
    const { wire, say } = await opened();
    await say('surprise');
    expect(wire.connection.state).toMatchObject({ is: 'closed', failure: { kind: 'protocol', code: 'PROTOCOL' } });
  });

  it('ends it when it answers what has not left yet', async () => {
    const { wire } = await opened();
    wire.send('a', new Request());
    expect(() => wire.onData(new TextEncoder().encode('early\n'), 6)).toThrow(WireError);
  });

  it.each<[string, WireSettings, string]>([
    [
      'is not the protocol',
      {
        codec: codecWith({
          read: () => {
            throw new WireError('expected a line');
          },
        }),
      },
      'PROTOCOL',
    ],
    [
      'breaks the codec',
      {
        codec: codecWith({
          read: () => {
            throw new TypeError('a bug');
          },
        }),
      },
      'DECODER_FAILED',
    ],
    [
      'breaks its look at pushes',
      {
        codec: codecWith({
          isPush: () => {
            throw new TypeError('a bug');
          },
        }),
      },
      'DECODER_FAILED',
    ],
    [
      'breaks who is told of pushes',
      {
        codec: codecWith({ isPush: () => true }),
        onPush: () => {
          throw new TypeError('a bug');
        },
      },
      'DECODER_FAILED',
    ],
    [
      'breaks who is told of pushes, later',
      {
        codec: codecWith({ isPush: () => true }),
        onPush: failLater,
      },
      'DECODER_FAILED',
    ],
    ['has a negative length', { codec: codecWith({ meter: { measure: () => -1 } }) }, 'PROTOCOL'],
    ['has a length that is none', { codec: codecWith({ meter: { measure: () => NaN } }) }, 'PROTOCOL'],
    ['has half a length', { codec: codecWith({ meter: { measure: () => 2.5 } }) }, 'PROTOCOL'],
    ['is too long', { maxFrameBytes: 10, codec: codecWith({ meter: { measure: () => 11 } }) }, 'PROTOCOL'],
    ['is far too long', { codec: codecWith({ meter: { measure: () => 64 * 1024 * 1024 + 1 } }) }, 'PROTOCOL'],
    ['never ends', { maxFrameBytes: 10, codec: codecWith({ meter: { measure: () => 0 } }) }, 'PROTOCOL'],
  ])('and %s ends the connection and every call, and nothing else', async (_, settings, code) => {
    const { wire, run, say } = await opened(settings);
    const calls = [wire.call('a'), wire.call('b')];
    await run();
    await say('something long enough');
    expect(wire.connection.state).toMatchObject({ is: 'closed', failure: { kind: 'protocol', code } });
    expect(await Promise.all(calls)).toMatchObject([
      { code, outcome: 'unknown', endpoint: 'lines.test:1' },
      { code, outcome: 'unknown' },
    ]);
  });

  it('may be as long as it is allowed to be', async () => {
    const { wire, run } = await opened({ maxFrameBytes: 6 });
    expect(await Promise.all([wire.call('aa'), run()])).toEqual(['re aa', undefined]);
    const { wire: large } = await opened({
      codec: codecWith({ meter: { measure: () => 64 * 1024 * 1024 } }),
    });
    large.onData(new Uint8Array(10), 10);
    expect(large.connection.up).toBe(true);
  });

  it('is not looked at any more when one frame of it has ended the connection', async () => {
    const seen: string[] = [];
    const codec = codecWith({
      read: (bytes, start, end, owned) => {
        const line = lineCodec.read(bytes, start, end, owned) as string;
        seen.push(line);
        return line;
      },
      isPush: () => true,
    });
    const { wire, say } = await opened({
      codec,
      onPush: (_push, _bytes, { connection }) => connection.close(new Failure({ ...over, message: 'enough' })),
    });
    await say('a', 'b', 'c');
    expect(seen).toEqual(['a']);
    expect(wire.connection.up).toBe(false);
  });
});

const over = new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false });

describe('pushes on a pipelined wire', () => {
  it('go past the requests, with their length and the wire that they came on', async () => {
    const pushes: unknown[] = [];
    const lines = await opened({
      codec: pushing,
      onPush: (push, bytes, wire) => pushes.push([push, bytes, wire.connection.endpoint]),
    });
    lines.answer = () => undefined;
    const call = lines.wire.call('a');
    await lines.run();
    await lines.say('> one', 'answer', '> two');
    expect(await call).toBe('answer');
    expect(pushes).toEqual([
      ['> one', 6, 'lines.test:1'],
      ['> two', 6, 'lines.test:1'],
    ]);
  });

  it('are dropped where nobody wants them, and none are pushes where the codec does not say so', async () => {
    const { wire, say } = await opened({ codec: pushing });
    await say('> nobody cares');
    expect(wire.connection.up).toBe(true);
    const other = await opened({ onPush: () => {} });
    await other.say('> an answer to nothing');
    expect(other.wire.connection.up).toBe(false);
  });
});

describe('a codec that cannot write a request', () => {
  const half = codecWith({
    write(out, line) {
      for (const letter of `${line}\n`) {
        if (letter === '!') throw new RangeError('no shouting');
        const at = out.reserve(1);
        out.bytes[at] = letter.charCodeAt(0);
        out.commit(1);
      }
    },
  });

  it('leaves nothing of it: what follows is whole', async () => {
    const { wire, run, received } = await opened({ codec: half });
    const calls = [wire.call('one'), wire.call('two!'), wire.call('three')];
    await run();
    expect(await Promise.all(calls)).toMatchObject([
      're one',
      {
        kind: 'protocol',
        code: 'ENCODER_FAILED',
        outcome: 'not-sent',
        retryable: false,
        cause: { message: 'no shouting' },
      },
      're three',
    ]);
    expect(received.map(({ line }) => line)).toEqual(['one', 'three']);
    expect(wire.inFlight).toBe(0);
  });

  it('throws out of send(), which is for sessions', async () => {
    const { wire } = await opened({ codec: half });
    expect(() => wire.send('!', new Request())).toThrow('no shouting');
    expect(wire.inFlight).toBe(0);
  });
});

describe('the end of a pipelined wire', () => {
  it('ends what left as unknown, the rest as not sent, and what comes later, too', async () => {
    const lines = await opened();
    lines.answer = () => undefined;
    const sent = lines.wire.call('a');
    await lines.run();
    const unsent = lines.wire.call('b');
    lines.wire.close(new Failure({ ...over, code: 'OVER' }));
    const late = lines.wire.call('c');
    expect(await Promise.all([sent, unsent, late])).toMatchObject([
      { code: 'OVER', outcome: 'unknown' },
      { code: 'OVER', outcome: 'not-sent' },
      { code: 'OVER', outcome: 'not-sent' },
    ]);
    expect([lines.wire.inFlight, lines.timekeeper.size]).toEqual([0, 0]);
  });
});

describe('the handshake of a pipelined wire', () => {
  it('asks by way of call(), and its failure is that of the connection', async () => {
    const lines = createLines({
      wire: {
        handshake: async (wire) => {
          const answer = await wire.call('hello');
          return answer === 're hello' ? new Failure({ ...over, kind: 'authentication', code: 'NO' }) : undefined;
        },
      },
    });
    const [result] = await Promise.all([Connection.open(lines.connection), lines.run()]);
    expect(result).toMatchObject({ kind: 'authentication', code: 'NO', outcome: 'not-sent' });
  });
});

describe('the options of a pipelined wire', () => {
  it.each([
    ['maxInFlight', 0],
    ['maxInFlight', 1.5],
    ['maxInFlight', NaN],
    ['maxQueuedBytes', -1],
    ['maxQueuedBytes', NaN],
    ['maxFrameBytes', 0],
    ['maxFrameBytes', '1'],
    ['stallMs', 0],
    ['stallMs', NaN],
    ['handshake', 'hello'],
    ['onPush', {}],
  ])('that are none are refused by name, and dialling is not tried again: %s %s', async (name, value) => {
    const lines = createLines({ wire: { [name]: value } });
    const call = lines.submit('a', { timeoutMs: 60_000 });
    await lines.run(1000);
    const failure = (await call) as Failure;
    expect(failure.message).toContain(`PipelinedWire: '${name}' must be`);
    expect(failure.toError({ system: 'test', attempts: 1 })).toBeInstanceOf(ArgumentError);
    expect([lines.net.dials, lines.net.openSockets]).toEqual([1, 0]);
  });

  it.each([
    ['keepAliveMs', -1],
    ['keepAliveMs', Infinity],
    ['connectTimeoutMs', 0],
    ['connectTimeoutMs', NaN],
    ['slabBytes', 0],
    ['slabBytes', NaN],
    ['createWire', undefined],
  ])('and so are those of its connection: %s %s', async (name, value) => {
    const lines = createLines({ connection: { [name]: value ?? 'a wire' } });
    expect(await Connection.open(lines.connection)).toMatchObject({
      code: 'ARGUMENT',
      message: expect.stringContaining(`Connection: '${name}' must be`) as string,
      retryable: false,
      outcome: 'not-sent',
    });
    expect([lines.net.dials, lines.timekeeper.size]).toEqual([0, 0]);
  });
});
