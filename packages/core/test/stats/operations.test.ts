import { expect, it } from 'vitest';
import { OperationStats } from '../../src/stats/operations.ts';

it('counts calls by operation and outcome', () => {
  const stats = new OperationStats();
  const get = stats.operation('get');
  get.succeeded(2);
  get.succeeded(4);
  stats.operation('get').failed(9);
  stats.operation('set').succeeded(5);
  expect(stats.operation('get')).toBe(get);
  expect(get.averageMs).toBe(5);
  expect(JSON.parse(JSON.stringify(stats))).toMatchObject({
    operations: { get: { success: 2, error: 1, averageMs: 5 }, set: { success: 1, error: 0, averageMs: 5 } },
    success: 3,
    error: 1,
    averageMs: 5,
    latency: { count: 4, maxMs: 9 },
  });
  expect([...stats.operations()].map(([name]) => name)).toEqual(['get', 'set']);
});

it('averages to 0 before the first call', () => {
  const stats = new OperationStats();
  expect(stats.operation('get').averageMs).toBe(0);
  expect(stats.averageMs).toBe(0);
});

it('starts again at 0, with the counters that clients keep', () => {
  const stats = new OperationStats();
  const get = stats.operation('get');
  get.failed(2);
  stats.reset();
  get.succeeded(1);
  expect(stats.summary()).toMatchObject({ success: 1, error: 0, averageMs: 1, latency: { count: 1, maxMs: 1 } });
});

it('stands durations that no clock should give', () => {
  const get = new OperationStats().operation('get');
  get.succeeded(-5);
  get.failed(Number.NaN);
  get.succeeded(6);
  expect(get.averageMs).toBe(2);
});
