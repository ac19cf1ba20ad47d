import { describe, expect, it } from 'vitest';
import { StatusBoard, type StatusRecord } from '../src/status.ts';

async function states(reader: AsyncIterable<StatusRecord>): Promise<string[]> {
  const seen: string[] = [];
  for await (const { state, epoch } of reader) seen.push(epoch === undefined ? state : `${state} ${epoch}`);
  return seen;
}

describe('StatusBoard', () => {
  it('gives the current state first, then every change, and ends on close', async () => {
    const board = new StatusBoard();
    board.set({ state: 'connecting' });
    const early = states(board.status());
    board.set({ state: 'up', epoch: 1 });
    const late = states(board.status());
    board.set({ state: 'down', epoch: 1 });
    board.set({ state: 'up', epoch: 2 });
    board.set({ state: 'closing' });
    board.set({ state: 'closed' });
    board.set({ state: 'up' });
    expect(await early).toEqual(['connecting', 'up 1', 'down 1', 'up 2', 'closing', 'closed']);
    expect(await late).toEqual(['up 1', 'down 1', 'up 2', 'closing', 'closed']);
    expect(board.readers).toBe(0);
    expect(board.current).toEqual({ state: 'closed' });
    expect(await states(board.status())).toEqual(['closed']);
  });

  it('begins as idle', async () => {
    const reader = new StatusBoard().status();
    expect(await reader.next()).toEqual({ done: false, value: { state: 'idle' } });
  });

  it('tells endpoint, epoch and cause, and nothing twice', async () => {
    const board = new StatusBoard();
    const reader = board.status();
    await reader.next();
    const cause = new Error('refused');
    board.set({ state: 'down', endpoint: 'a:1', epoch: 1, cause });
    board.set({ state: 'down', endpoint: 'a:1', epoch: 1, cause });
    board.set({ state: 'down', endpoint: 'a:1', epoch: 1, cause: new Error('refused again') });
    board.set({ state: 'down', endpoint: 'b:1', epoch: 1 });
    board.set({ state: 'down', endpoint: 'b:1', epoch: 2 });
    board.set({ state: 'closed' });
    expect(await reader.next()).toEqual({ done: false, value: { state: 'down', endpoint: 'a:1', epoch: 1, cause } });
    const rest: unknown[] = [];
    for await (const record of reader) rest.push([record.endpoint, record.epoch, record.cause?.message]);
    expect(rest).toEqual([
      ['a:1', 1, 'refused again'],
      ['b:1', 1, undefined],
      ['b:1', 2, undefined],
      [undefined, undefined, undefined],
    ]);
  });

  it('buffers 64 changes for each reader, drops the oldest and says how many', async () => {
    const board = new StatusBoard();
    const slow = board.status();
    await slow.next();
    const quick = board.status();
    await quick.next();
    for (let epoch = 1; epoch <= 100; epoch += 1) {
      board.set({ state: 'up', epoch });
      expect((await quick.next()).value).toEqual({ state: 'up', epoch });
    }
    expect((await slow.next()).value).toEqual({ state: 'up', epoch: 37, dropped: 36 });
    expect((await slow.next()).value).toEqual({ state: 'up', epoch: 38 });
    let left = 0;
    board.set({ state: 'closed' });
    for await (const record of slow) {
      expect(record.dropped).toBeUndefined();
      left += 1;
    }
    expect(left).toBe(63);
  });

  it('serves several that wait on one reader, in order', async () => {
    const board = new StatusBoard();
    const reader = board.status();
    const waiting = [reader.next(), reader.next(), reader.next(), reader.next()];
    board.set({ state: 'up' });
    board.set({ state: 'closed' });
    expect((await Promise.all(waiting)).map(({ value }) => value?.state)).toEqual(['idle', 'up', 'closed', undefined]);
  });

  it('watches from the first next() to return(), and keeps no reader after that', async () => {
    const board = new StatusBoard();
    board.status();
    expect(board.readers).toBe(0);
    for await (const { state } of board.status()) {
      expect(board.readers).toBe(1);
      if (state === 'idle') break;
    }
    expect(board.readers).toBe(0);

    const reader = board.status();
    await reader.next();
    const waiting = reader.next();
    await reader.return?.();
    expect(board.readers).toBe(0);
    expect((await waiting).done).toBe(true);
    board.set({ state: 'up' });
    expect((await reader.next()).done).toBe(true);

    const unstarted = board.status();
    await unstarted.return?.();
    expect((await unstarted.next()).done).toBe(true);
    expect(board.readers).toBe(0);

    const thrown = board.status();
    await thrown.next();
    await expect(thrown.throw?.(new Error('mine'))).rejects.toThrow('mine');
    expect(board.readers).toBe(0);
  });

  it('is not changed by a reader that changes a record', async () => {
    const board = new StatusBoard();
    const { value } = await board.status().next();
    expect(() => {
      (value as { state: string }).state = 'up';
    }).toThrow(TypeError);
    const record: { state: 'up' | 'down' } = { state: 'up' };
    board.set(record);
    record.state = 'down';
    expect(board.current.state).toBe('up');
  });
});
