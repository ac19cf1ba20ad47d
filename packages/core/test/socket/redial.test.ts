import { describe, expect, it } from 'vitest';
import type { SessionState } from '../../src/socket/index.ts';
import { createLines } from '../support/lines.ts';

function fail(): never {
  throw new Error('on purpose');
}

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
    ['onState', { onState: fail }],
    ['onDown', { onDown: fail }],
    ['a backoff', { backoff: fail }],
    ['a backoff that gives nonsense instead, and', { backoff: () => Number.NaN }],
  ])('goes on when %s throws, which surfaces by itself', async (_, session) => {
    const { net, ports, run, ...lines } = createLines({ session });
    lines.session.start();
    const surfaced: unknown[] = [];
    const through = async (ms: number): Promise<void> => {
      const end = ports.clock.now() + ms;
      while (ports.clock.now() < end)
        await run(end - ports.clock.now()).catch((error: unknown) => surfaced.push(error));
    };
    await through(5);
    net.links[0]?.reset('client');
    await through(1);
    const call = lines.submit('a', { timeoutMs: 3000 });
    await through(2000);
    expect(await call).toBe('re a');
    expect(surfaced.length).toBeGreaterThan(0);
    for (const error of surfaced) expect(String(error)).toMatch(/on purpose|backoff\(\) must give a pause/);
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
