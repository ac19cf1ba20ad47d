import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/index.ts';
import { createLines } from '../support/lines.ts';

describe('calls that wait for room on a connection', () => {
  it('are let in when one is given up before it left: no answer will tell of that room', async () => {
    const { session, submit, run } = createLines({ wire: { maxInFlight: 1 } });
    session.start();
    await run();
    const controller = new AbortController();
    const first = submit('first', { signal: controller.signal });
    const second = submit('second');
    expect(session.waiting).toBe(1);
    controller.abort();
    await run();
    expect(await first).toMatchObject({ kind: 'aborted', outcome: 'not-sent' });
    expect(await second).toBe('re second');
  });

  it('are let in when the system took at once what was queued: no drain and no answer will tell', async () => {
    const lines = createLines({ wire: { maxQueuedBytes: 100 } });
    lines.session.start();
    await lines.run();
    lines.answer = () => undefined;
    const calls = Array.from({ length: 5 }, (_, i) => lines.submit(`${i}`.padEnd(80, '.')));
    expect(lines.session.waiting).toBe(3);
    await lines.run();
    expect(lines.received.map(({ line }) => line[0]).join('')).toBe('01234');
    await lines.run(2000);
    for (const result of await Promise.all(calls)) expect(result).toBeInstanceOf(Failure);
  });
});
