/** Each option that is not covered where its part is tested (retry.test.ts, detection.test.ts, wire.test.ts). */

import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ArgumentError, LensDBClient, OverloadedError } from '../../src/index.ts';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensRequest } from '../../src/protocol/lens/request.ts';
import { Lab } from '../lab.ts';
import { bytes, http, ldbd, lens, lensStore, silent } from '../servers.ts';

describe('where to', () => {
  it('host and port, by default 127.0.0.1 and 8080', async () => {
    const lab = new Lab();
    lab.serve(lens(), { host: 'db.example', port: 7 });
    lab.serve(lens());
    await lab.run(lab.client().connect());
    await lab.run(lab.client({ host: 'db.example', port: 7 }).connect());
    expect(lab.net.links.map(({ address }) => address)).toEqual(['127.0.0.1:8080', 'db.example:7']);
  });

  it('addresses are doors to one store: the next one is tried when one fails, and kept', async () => {
    const lab = new Lab();
    lab.serve(http, { host: 'a', port: 8080 });
    lab.serve(silent, { host: 'b', port: 8080 });
    lab.serve(lens(), { host: 'c', port: 9 });
    const client = lab.client({ addresses: ['a', 'b', 'c:9'], maxConnections: 2, maxRetries: 0 });
    expect(await lab.run(client.get('x'))).toBe(null);
    const dials = lab.net.dials;
    await lab.run(Promise.all([client.get('x'), client.get('y')]));
    expect(lab.net.dials).toBe(dials + 1);
    expect(client.info().endpoints).toEqual(['a:8080', 'b:8080', 'c:9']);
  });

  it('an address that is not answered leaves time for the others', async () => {
    const lab = new Lab();
    lab.net.onDial = (address) => (address === 'a:8080' ? 'black-hole' : 'accept');
    lab.serve(lens(), { host: 'b', port: 8080 });
    const client = lab.client({ addresses: ['a', 'b'], maxRetries: 0, connectTimeoutMs: 3000 });
    await lab.run(client.connect());
    expect(lab.now).toBeLessThan(1600);
  });

  it('a socket factory brings the stream', async () => {
    const answer = lensStore();
    const { decodeLensRequest } = await import('../../src/protocol/lens/request.ts');
    const stream = new Duplex({
      read() {},
      write(chunk: Uint8Array, _encoding, done) {
        this.push(answer(decodeLensRequest(chunk)));
        done();
      },
    });
    await using client = new LensDBClient({ socket: () => stream, dialect: 'lens' });
    await client.set('a', '1');
    expect(await client.getText('a')).toBe('1');
    expect(client.info().endpoints).toEqual(['socket()']);
  });

  it('a unix path', async () => {
    const lab = new Lab();
    lab.net.listen({ path: '/run/lens.sock' }, () => ({
      onOpen() {},
      onData() {},
      onDrain() {},
      onEnd() {},
      onClose() {},
    }));
    const client = lab.client({ path: '/run/lens.sock', dialect: 'lens', maxRetries: 0 });
    expect(await lab.failure(client.connect())).toMatchObject({ code: 'NO_ANSWER', endpoint: 'unix:/run/lens.sock' });
  });
});

describe('the pool', () => {
  it('maxConnections bounds it', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ maxConnections: 2 });
    await lab.run(Promise.all(Array.from({ length: 20 }, (_, i) => client.get(`k${i}`))));
    expect(lab.peers.length).toBe(2);
    const usual = lab.client();
    await lab.run(Promise.all(Array.from({ length: 20 }, (_, i) => usual.get(`k${i}`))));
    expect(lab.peers.length).toBe(12);
  });

  it('leases the connection that was used last', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ maxConnections: 3 });
    await lab.run(Promise.all([client.get('a'), client.get('b'), client.get('c')]));
    lab.writes.length = 0;
    for (let i = 0; i < 3; i += 1) await lab.run(client.get('x'));
    expect(new Set(lab.writes.map(({ connection }) => connection)).size).toBe(1);
  });

  it('minConnections are kept open', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ minConnections: 3, maxIdleMs: 1000 });
    await lab.run(client.connect());
    await lab.advance(100);
    expect(client.stats().pool.open).toBe(3);
    await lab.advance(5000);
    expect(client.stats().pool.open).toBe(3);
    expect(lab.peers.length).toBeGreaterThan(3);
  });

  it('maxIdleMs retires what nobody uses, long before a server gives it up', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client();
    await lab.run(client.connect());
    await lab.advance(59_000);
    expect(client.stats().pool.open).toBe(1);
    await lab.advance(1100);
    expect([client.stats().pool.open, lab.peers[0]?.ended]).toEqual([0, true]);
    const patient = lab.client({ maxIdleMs: Infinity });
    await lab.run(patient.connect());
    await lab.advance(1_000_000);
    expect(patient.stats().pool.open).toBe(1);
  });

  it('maxLifetimeMs replaces what is old', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ maxLifetimeMs: 1000 });
    for (let i = 0; i < 12; i += 1) {
      await lab.run(client.get('a'));
      await lab.advance(100);
    }
    expect(lab.peers.length).toBe(2);
  });

  it('maxWaiters refuses what would wait behind too many', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ maxConnections: 1, maxWaiters: 2, maxRetries: 0 });
    await lab.run(client.connect());
    const calls = [1, 2, 3, 4].map((i) => client.get(`k${i}`));
    const results = await lab.run(Promise.allSettled(calls));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    const last = results[3] as PromiseRejectedResult;
    expect(last.reason).toBeInstanceOf(OverloadedError);
    expect(last.reason).toMatchObject({ code: 'OVERLOADED', outcome: 'not-sent', retryable: true });
  });

  it('connectTimeoutMs bounds opening', async () => {
    const lab = new Lab();
    lab.net.onDial = () => 'black-hole';
    const error = await lab.failure(lab.client({ connectTimeoutMs: 700, maxRetries: 0 }).get('a'));
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'not-sent', details: { phase: 'connect' } });
    expect(lab.now).toBeLessThan(720);
  });

  it('probeTimeoutMs bounds the wait for the first answer', async () => {
    const lab = new Lab();
    lab.serve(silent);
    await lab.failure(lab.client({ probeTimeoutMs: 100, maxRetries: 0 }).get('a'));
    expect(lab.now).toBeLessThan(250);
  });
});

describe('limits', () => {
  const embedded = Uint8Array.of(...bytes('x'.repeat(1300)), ...lensRequest(T.CLEAR));

  it('maxRequestBytes', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const value = 'x'.repeat(5000);
    expect(await lab.failure(lab.client({ dialect: 'lens' }).set('a', value))).toBeInstanceOf(ArgumentError);
    await lab.run(lab.client({ dialect: 'lens', maxRequestBytes: 8192 }).set('a', value));
  });

  it('injectionGuard', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const error = await lab.failure(lab.client({ dialect: 'lens' }).set('a', embedded));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ details: { option: 'injectionGuard' } });
    await lab.run(lab.client({ dialect: 'lens', injectionGuard: false }).set('a', embedded));
  });

  it('allowNewlineInKeys, in both dialects', async () => {
    for (const dialect of ['lens', 'ldbd'] as const) {
      const lab = new Lab();
      lab.serve(dialect === 'lens' ? lens() : ldbd());
      expect(await lab.failure(lab.client({ dialect }).set('a\nb', '1'))).toBeInstanceOf(ArgumentError);
      const client = lab.client({ dialect, allowNewlineInKeys: true });
      await lab.run(client.set('a\nb', '1'));
      expect(await lab.run(client.keys())).toEqual(['a', 'b']);
    }
  });

  it('maxKeyBytes and maxValueBytes, in the dialect ldbd', async () => {
    const lab = new Lab();
    lab.serve(ldbd());
    const client = lab.client({ dialect: 'ldbd', maxKeyBytes: 2000, maxValueBytes: 10 });
    await lab.run(client.set('k'.repeat(2000), '0123456789'));
    expect(await lab.failure(client.set('k', '0123456789a'))).toMatchObject({ details: { option: 'maxValueBytes' } });
    expect(await lab.failure(client.set('k'.repeat(2001), ''))).toMatchObject({ details: { option: 'maxKeyBytes' } });
    expect(client.info().limits).toMatchObject({ maxKeyBytes: 2000, maxValueBytes: 10, maxRequestBytes: undefined });
  });
});

describe('runtime', () => {
  it('is where time and sockets come from', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ host: '127.0.0.1' });
    const latency = client.ping();
    await lab.run(latency);
    // Two ways of a millisecond to dial, to probe and to ask.
    expect(await latency).toBe(6);
  });
});
