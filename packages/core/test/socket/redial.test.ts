import { describe, expect, it, vi } from 'vitest';
import type { SessionState } from '../../src/socket/index.ts';
import { createLines } from '../support/lines.ts';

function fail(): never {
  throw new Error('on purpose');
}

// A function whose result nobody looks at may well be async.
const failLater = async (): Promise<void> => fail();

describe('Session', () => {
  it('backs off further from a peer that accepts and closes without a word, and anew once it has spoken', async () => {
    const pauses: number[] = [];
    const backoff = (failure: number): number => (pauses.push(failure), 100);
    const { session, net, submit, run } = createLines({ session: { backoff } });
    net.onLink = (link) => link.close('server');
    session.start();
    await run(450);
    expect(pauses).toEqual([1, 2, 3, 4, 5]);
    net.onLink = undefined;
    await run(200);
    expect(await Promise.all([submit('a'), run()])).toEqual(['re a', undefined]);
    net.links[0]?.reset('client');
    await run(1);
    expect(pauses.slice(5)).toEqual([1]);
  });

  it('keeps the process alive through the pause when it is wanted only then', async () => {
    const { session, net, ports, submit, run } = createLines({ session: { backoff: () => 1000 } });
    net.onDial = () => 'refuse';
    const call = submit('a', { timeoutMs: 100 });
    await run(5);
    session.start();
    await run(150);
    expect(await call).toMatchObject({ kind: 'timeout' });
    expect([session.state.is, ports.clock.refedTimers]).toEqual(['down', 1]);
  });

  it('leaves no timer behind when it is destroyed by who is told that it is down', async () => {
    const told: SessionState['is'][] = [];
    const lines = createLines({
      session: {
        onState: (state) => {
          told.push(state.is);
          if (state.is === 'down') lines.session.destroy(state.cause);
        },
      },
    });
    const { session, net, ports, run } = lines;
    net.onDial = () => 'refuse';
    session.start();
    await run(50);
    expect(told).toEqual(['connecting', 'down', 'closed']);
    expect(ports.clock.pendingTimers).toBe(0);
  });

  it('gives up a connection whose peer falls silent while it is asked what comes first', async () => {
    const lines = createLines({
      session: {
        onUp: async (wire) => {
          await wire.call('first');
          return undefined;
        },
        liveness: { idleMs: 1000, timeoutMs: 500, ping: (wire) => void wire.call('ping') },
      },
    });
    lines.answer = ({ line, link }) => (link.number === 1 ? undefined : `re ${line}`);
    const call = lines.submit('a', { timeoutMs: 5000 });
    await lines.run(1700);
    expect(await call).toBe('re a');
    expect(lines.session.epoch).toBe(2);
  });

  it.each([
    ['onState', 'onState', { onState: fail }],
    ['onState, which is async,', 'onState', { onState: failLater }],
    ['onDown', 'onDown', { onDown: fail }],
    ['onDown, which is async,', 'onDown', { onDown: failLater }],
    ['a backoff', 'backoff', { backoff: fail }],
    ['a backoff that gives nonsense instead, and', 'backoff', { backoff: () => Number.NaN }],
    ['a backoff that gives less than nothing, and', 'backoff', { backoff: () => -1 }],
  ])('goes on when %s throws, and the process warns of it', async (_, name, session) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { net, run, ...lines } = createLines({ session });
    lines.session.start();
    await run();
    net.links[0]?.reset('client');
    await run(1);
    const call = lines.submit('a', { timeoutMs: 3000 });
    await run(2000);
    expect(await call).toBe('re a');
    expect(warn).toHaveBeenCalledWith(
      `'${name}' has thrown; that was ignored`,
      expect.objectContaining({ type: 'WirewrightWarning', code: 'CALLBACK_FAILED' }),
    );
    warn.mockRestore();
  });

  it('sends nothing of a request whose encoder throws in the middle', async () => {
    const lines = createLines({
      wire: {
        codec: {
          meter: { measure: (bytes, start, end) => bytes.subarray(start, end).indexOf(0x0a) + 1 },
          write(out, line) {
            for (const letter of `${line}\n`) {
              if (letter === '!') throw new RangeError('no shouting');
              const at = out.reserve(1);
              out.bytes[at] = letter.charCodeAt(0);
              out.commit(1);
            }
          },
          read: (bytes, start, end) => new TextDecoder().decode(bytes.subarray(start, end - 1)),
        },
      },
    });
    lines.session.start();
    await lines.run();
    const calls = ['one', 'two!', 'three'].map((line) => lines.submit(line));
    await lines.run();
    const [one, two, three] = await Promise.all(calls);
    expect([one, three]).toEqual(['re one', 're three']);
    expect(two).toMatchObject({ code: 'ENCODER_FAILED', outcome: 'not-sent' });
  });
});
