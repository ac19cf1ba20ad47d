import { type LensDBError, TimeoutError, UnsupportedError } from '@wirewright/lensdb';
import { startLensServer } from '@wirewright/lensdb/testing';
import { FakeClock } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { type User, UserCache } from '../../examples/user-cache.ts';

const zoe: User = { id: 7, name: 'Zoë' };

describe('the example of a user cache', () => {
  it('loads a user once an hour', async () => {
    const clock = new FakeClock();
    await using server = await startLensServer({ clock });
    let loads = 0;
    await using cache = new UserCache(server.url, async () => ((loads += 1), zoe));
    expect(await cache.get(7)).toEqual(zoe);
    expect(await cache.get(7)).toEqual(zoe);
    expect(loads).toBe(1);
    expect(new TextDecoder().decode(server.store.get('user:7'))).toBe('{"id":7,"name":"Zoë"}');
    await clock.advance(3600_000);
    await cache.get(7);
    expect(loads).toBe(2);
    await cache.forget(7);
    await cache.get(7);
    expect(loads).toBe(3);
  });

  it('loads what the cache does not tell in time', async () => {
    await using server = await startLensServer();
    const warnings: LensDBError[] = [];
    await using cache = new UserCache(
      server.url,
      async () => zoe,
      (error) => warnings.push(error),
    );
    await cache.get(7);
    server.set({ fault: 'silent' });
    server.drop('reset');
    expect(await cache.get(8)).toEqual(zoe);
    expect(warnings.length).toBe(2);
    expect(warnings.every((error) => error instanceof TimeoutError || error.code === 'CONNECTION_LOST')).toBe(true);
    server.set({ fault: 'none' });
  });

  it('says that a server without SETEX can be no cache', async () => {
    await using server = await startLensServer({ setEx: 'silent' });
    await using cache = new UserCache(`${server.url}?probeTimeoutMs=50`, async () => zoe);
    await expect(cache.get(7)).rejects.toBeInstanceOf(UnsupportedError);
  });
});
