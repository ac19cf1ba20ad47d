import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ArgumentError, BatchError, type BatchOutcome, LensDBError, TimeoutError } from '../../src/index.ts';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { Lab } from '../lab.ts';
import { bytes, lens, lensStore, text } from '../servers.ts';

const options = { dialect: 'lens', maxRetries: 0 } as const;

function outcomes(error: unknown): string[] {
  expect(error).toBeInstanceOf(BatchError);
  expect(error).toBeInstanceOf(LensDBError);
  return (error as BatchError).details.outcomes.map((outcome: BatchOutcome<unknown>) => outcome.status);
}

describe('batches', () => {
  it('that are aborted say so: they are not wanted again', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client(options);
    const error = await lab.failure(client.mget(['a'], { signal: AbortSignal.abort('why') }));
    expect(error).toMatchObject({ code: 'BATCH', outcome: 'not-sent', retryable: false, cause: 'why' });
  });

  it('refuse lists with holes', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client(options);
    const keys = ['a'];
    keys[2] = 'c';
    expect(await lab.failure(client.mget(keys))).toBeInstanceOf(ArgumentError);
    expect(await lab.failure(client.mdelete(keys))).toBeInstanceOf(ArgumentError);
  });

  it('are aligned with what was asked, and spread over the pool', async () => {
    const lab = new Lab();
    const store = new Map<string, Uint8Array>();
    lab.serve(lens(lensStore(store)));
    const client = lab.client({ ...options, maxConnections: 3 });
    await lab.run(
      client.mset(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    );
    await lab.run(client.mset([['c', bytes('3')]] as const));
    expect((await lab.run(client.mget(['c', 'none', 'a', 'c']))).map((value) => value && text(value))).toEqual([
      '3',
      null,
      '1',
      '3',
    ]);
    expect(await lab.run(client.mdelete(['a', 'b', 'none']))).toBe(2);
    expect([...store.keys()]).toEqual(['c']);
    expect(await lab.run(client.mget([]))).toEqual([]);
    expect(await lab.run(client.mdelete([]))).toBe(0);
    expect(lab.peers.length).toBe(3);
  });

  it('run as many parts at once as may be connections, or as concurrency says', async () => {
    const running = { now: 0, most: 0 };
    const lab = new Lab();
    lab.serve(
      lens((_request, peer) => {
        running.now += 1;
        running.most = Math.max(running.most, running.now);
        lab.ports.clock.setTimer(() => {
          running.now -= 1;
          peer.send(lensResponse(0, 'v'));
        }, 10);
        return undefined;
      }),
    );
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    const client = lab.client({ ...options, maxConnections: 5 });
    await lab.run(client.mget(keys));
    expect([running.most, client.stats().pool.open]).toEqual([5, 5]);
    running.most = 0;
    await lab.run(client.mget(keys, { concurrency: 2 }));
    expect(running.most).toBe(2);
    const few = lab.client({ ...options, maxConnections: 5, maxWaiters: 5 });
    await lab.run(few.mget(keys));
  });

  it('go on when a part fails, and tell what became of each', async () => {
    const lab = new Lab();
    const store = new Map<string, Uint8Array>();
    const answer = lensStore(store);
    lab.serve(lens((request) => (text(request.key) === 'bad' ? lensResponse(5, '', 'disk') : answer(request))));
    const client = lab.client(options);
    const error = await lab.failure(
      client.mset([
        ['a', 'secret-1'],
        ['bad', 'secret-2'],
        ['c', 'secret-3'],
      ]),
    );
    expect(outcomes(error)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([...store.keys()].toSorted()).toEqual(['a', 'c']);
    expect(error).toMatchObject({
      code: 'BATCH',
      outcome: 'rejected',
      retryable: false,
      details: { total: 3, succeeded: 2, failed: 1 },
      message: "mset(): 1 of 3 failed; 'details.outcomes' has the outcome of each, in the order given",
    });
    expect((error as Error).cause).toMatchObject({ code: 'SERVER' });
    const read = await lab.failure(client.mget(['a', 'bad']));
    expect((read as BatchError).details.outcomes[0]).toEqual({ status: 'fulfilled', value: bytes('secret-1') });
    for (const log of [JSON.stringify(read), inspect(read, { depth: 9 })]) expect(log).not.toContain('115,101,99');
    expect(JSON.stringify(read)).not.toContain('outcomes"');
  });

  it('end by one deadline, which begins no part after it', async () => {
    const lab = new Lab();
    lab.serve(
      lens(({ type }, peer) => {
        if (type === T.PING) return lensResponse(0, 'pong');
        lab.ports.clock.setTimer(() => peer.send(lensResponse(0, 'v')), 40);
        return undefined;
      }),
    );
    const client = lab.client({ ...options, maxConnections: 1 });
    await lab.run(client.connect());
    const start = lab.now;
    const error = await lab.failure(client.mget(['a', 'b', 'c', 'd'], { timeoutMs: 100 }));
    expect(lab.now - start).toBeLessThanOrEqual(112);
    expect(outcomes(error)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'not-started']);
    const [, , third] = (error as BatchError).details.outcomes;
    expect((third as { reason: Error }).reason).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      outcome: 'unknown',
      retryable: true,
      message: /1 of 4 failed, 1 not begun/ as never,
    });
  });

  it('begin nothing more after an abort', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ ...options, maxConnections: 1 });
    await lab.run(client.connect());
    const controller = new AbortController();
    const pending = client.mset(
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
      { signal: controller.signal },
    );
    await lab.advance(3);
    controller.abort();
    expect(outcomes(await lab.failure(pending))).toEqual(['fulfilled', 'rejected', 'not-started']);
  });

  it('are checked whole before the first part is sent', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client(options);
    expect(
      await lab.failure(
        client.mset([
          ['a', '1'],
          ['', '2'],
        ]),
      ),
    ).toBeInstanceOf(ArgumentError);
    expect(await lab.failure(client.mget(['a', 5 as never]))).toMatchObject({
      message: /the key must be a string/ as never,
    });
    expect(await lab.failure(client.mget(['a'], { concurrency: 1.5 }))).toBeInstanceOf(ArgumentError);
    expect(await lab.failure(client.mget('abc' as never))).toBeInstanceOf(ArgumentError);
    expect(await lab.failure(client.mset({ a: '1' } as never))).toBeInstanceOf(ArgumentError);
    expect(await lab.failure(client.mset([5] as never))).toBeInstanceOf(ArgumentError);
    expect(lab.writes).toEqual([]);
  });
});
