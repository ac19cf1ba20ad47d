import { describe, expect, it } from 'vitest';
import { AbortedError, TimeoutError, UnsupportedError } from '../../src/index.ts';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { type Behaviour, Lab, type Written } from '../lab.ts';
import { bytes, ldbd, lens, lensStore, text } from '../servers.ts';

const options = { maxRetries: 0 } as const;

/** A `lens` server whose SETEX does what `setEx` says, or is executed. */
function server(setEx: Behaviour | undefined, store = new Map<string, Uint8Array>()): Behaviour {
  return (peer) => {
    const other = setEx?.(peer);
    const answer = lensStore(store);
    let dead = false;
    const answers = lens((request) => (dead ? undefined : answer(request)))(peer) as (received: Uint8Array) => void;
    return (received) => {
      if (received[1] !== 0x45 || received[5] !== T.SETEX || !setEx) return answers(received);
      dead = true;
      other?.(received);
    };
  };
}

/** What was sent in the dialect itself: everything but the probe of detection. */
function sent(lab: Lab): Written[] {
  return lab.writes.filter(({ bytes: [, second] }) => second === 0x45);
}

function setExs(lab: Lab): Written[] {
  return sent(lab).filter(({ bytes: { 5: type } }) => type === T.SETEX);
}

describe('SETEX', () => {
  it('is asked for once, on a connection that is thrown away, with a key that no server stores', async () => {
    const lab = new Lab();
    const store = new Map<string, Uint8Array>();
    lab.serve(server(undefined, store));
    const client = lab.client(options);
    expect(client.info().capabilities.setEx).toBe(undefined);
    await lab.run(Promise.all([client.setEx('a', '1', 60), client.setEx('b', '2', 60)]));
    await lab.run(client.setEx('c', '3', 60));
    const [probe, ...others] = setExs(lab);
    expect(text(probe?.bytes)).toBe(`LENS\x01\x09${'\0'.repeat(11)}\x01`);
    expect(others.length).toBe(3);
    const used = sent(lab).filter(({ connection }) => connection === probe?.connection);
    expect(used.map(({ bytes: { 5: type } }) => type)).toEqual([T.PING, T.SETEX]);
    expect(lab.peers.filter(({ ended }) => ended).map(({ number }) => number)).toEqual([probe?.connection]);
    expect([...store.keys()]).toEqual(['a', 'b', 'c']);
    expect(client.info().capabilities.setEx).toBe(true);
  });

  it.each<[string, number, Behaviour]>([
    // Which might be an accident, once.
    ['stays silent', 2, () => () => {}],
    ['closes', 2, (peer) => () => peer.end()],
    ['answers that the type is invalid', 1, (peer) => () => peer.send(lensResponse(4, '', 'Invalid message type: 9'))],
    ['answers that it does not support it', 1, (peer) => () => peer.send(lensResponse(6))],
  ])('is unsupported by a server that %s, and never sent with a key', async (_how, times, setEx) => {
    const lab = new Lab();
    lab.serve(server(setEx));
    const client = lab.client(options);
    await lab.run(client.set('a', '1'));
    const error = await lab.failure(client.setEx('a', '2', 60));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ outcome: 'not-sent', retryable: false, attempts: 1 });
    expect((error as Error).message).toMatch(/Store without a time to live/);
    const before = [sent(lab).length, lab.now];
    await lab.failure(client.setEx('a', '2', 60));
    expect([sent(lab).length, lab.now]).toEqual(before);
    expect(await lab.run(client.getText('a'))).toBe('1');
    expect(setExs(lab).map(({ bytes: { length } }) => length)).toEqual(new Array(times).fill(18));
  });

  it.each<[string, Behaviour]>([
    ['is silent', () => () => {}],
    ['is lost', (peer) => () => peer.end()],
  ])(
    'is asked for once more when the first probe %s, and is supported if the second is answered',
    async (_how, once) => {
      const lab = new Lab();
      const store = new Map<string, Uint8Array>();
      let asked = 0;
      lab.serve((peer) => {
        const [no, yes] = [server(once)(peer), server(undefined, store)(peer)];
        return (received) => {
          if (received[1] === 0x45 && received[5] === T.SETEX) asked += 1;
          return (asked === 1 ? no : yes)?.(received);
        };
      });
      const client = lab.client(options);
      await lab.run(client.setEx('a', '1', 60));
      expect([setExs(lab).length, text(store.get('a')), client.info().capabilities.setEx]).toEqual([3, '1', true]);
    },
  );

  it('is not asked for again because one connection was lost without a word', async () => {
    const lab = new Lab();
    let mute = false;
    lab.serve((peer) => {
      const answers = server(undefined)(peer);
      return (received) => (mute ? peer.end() : answers?.(received));
    });
    const client = lab.client({ ...options, maxConnections: 1 });
    await lab.run(client.setEx('a', '1', 60));
    for (const peer of lab.peers) if (!peer.ended) peer.end();
    await lab.advance(10);
    mute = true;
    expect(await lab.failure(client.get('a'))).toMatchObject({ code: 'REFUSED' });
    mute = false;
    const before = setExs(lab).length;
    await lab.run(client.setEx('a', '2', 60));
    expect([setExs(lab).length - before, client.info().dialect]).toEqual([1, 'lens']);
  });

  describe('from a server that changes', () => {
    function changing(): { lab: Lab; client: ReturnType<Lab['client']>; set: (supports: boolean) => void } {
      const lab = new Lab();
      let supports = false;
      lab.serve((peer) => {
        const [yes, no] = [server(undefined)(peer), server(() => () => {})(peer)];
        return (received) => (supports ? yes : no)?.(received);
      });
      const client = lab.client({ ...options, maxIdleMs: Infinity, dialect: 'lens' });
      return { lab, client, set: (value) => (supports = value) };
    }

    async function lose(lab: Lab): Promise<void> {
      for (const peer of lab.peers) if (!peer.ended) peer.end();
      await lab.advance(10);
    }

    it('is asked for again after 60 s', async () => {
      const { lab, client, set } = changing();
      await lab.failure(client.setEx('a', '1', 60));
      await lab.advance(50_000);
      set(true);
      await lab.failure(client.setEx('a', '1', 60));
      await lab.advance(10_001);
      await lab.run(client.setEx('a', '1', 60));
    });

    it('is asked for again after a lost connection', async () => {
      const { lab, client, set } = changing();
      await lab.run(client.set('a', '1'));
      expect(await lab.failure(client.setEx('a', '1', 60))).toBeInstanceOf(UnsupportedError);
      set(true);
      await lose(lab);
      await lab.run(client.setEx('a', '1', 60));
    });

    it('is remembered over lost connections, where it was answered, until it is waited for in vain', async () => {
      const { lab, client, set } = changing();
      set(true);
      await lab.run(client.setEx('a', '1', 60));
      set(false);
      await lose(lab);
      expect(await lab.failure(client.setEx('a', '1', 60))).toBeInstanceOf(TimeoutError);
      const before = setExs(lab).length;
      expect(await lab.failure(client.setEx('a', '1', 60))).toBeInstanceOf(UnsupportedError);
      // Once more than where it never was answered.
      expect(setExs(lab).length - before).toBe(3);
    });
  });

  it('is not called unsupported when the server answers nothing at all', async () => {
    const lab = new Lab();
    let stalled = false;
    lab.serve((peer) => {
      const answers = server(() => () => void (stalled = true))(peer) as (received: Uint8Array) => void;
      return (received) => {
        if (!stalled) answers(received);
      };
    });
    const client = lab.client(options);
    const error = await lab.failure(client.setEx('a', '1', 60));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'NO_ANSWER', outcome: 'not-sent' });
    expect(client.info().capabilities.setEx).toBe(undefined);
  });

  it('is not called unsupported when the probe was refused at the connection limit', async () => {
    const lab = new Lab();
    let probing = false;
    const answers = lensStore();
    lab.serve((peer) => {
      if (probing && peer.number === 2) {
        peer.end();
        return undefined;
      }
      return lens(answers)(peer);
    });
    const client = lab.client(options);
    await lab.run(client.connect());
    probing = true;
    expect(await lab.failure(client.setEx('a', '1', 60))).toMatchObject({ code: 'REFUSED', outcome: 'not-sent' });
    await lab.run(client.setEx('a', '1', 60));
  });

  it("waits for the probe no longer than the call's deadline or signal", async () => {
    const lab = new Lab();
    lab.serve(server(() => () => {}));
    const client = lab.client(options);
    await lab.run(client.connect());
    const controller = new AbortController();
    const aborted = client.setEx('a', '1', { ttl: 60, signal: controller.signal });
    const short = client.setEx('a', '1', { ttl: 60, timeoutMs: 100 });
    await lab.advance(50);
    controller.abort();
    expect(await lab.failure(aborted)).toBeInstanceOf(AbortedError);
    expect(await lab.failure(short)).toMatchObject({ outcome: 'not-sent', details: { phase: 'probe' } });
    expect(lab.now).toBeLessThan(130);
  });

  it('waits for the probe no longer than a try may take', async () => {
    const lab = new Lab();
    lab.serve(server(() => () => {}));
    const client = lab.client(options);
    await lab.run(client.set('a', '1'));
    const before = lab.now;
    const error = await lab.failure(client.setEx('a', '2', { ttl: 60, attemptTimeoutMs: 100 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'not-sent', details: { phase: 'probe' } });
    expect(lab.now - before).toBeLessThan(150);
  });

  it('is ended with the client, and opens nothing afterwards', async () => {
    const lab = new Lab();
    lab.serve(server(() => () => {}));
    const client = lab.client(options);
    await lab.run(client.connect());
    const pending = client.setEx('a', '1', 60);
    await lab.advance(50);
    client.destroy();
    expect(await lab.failure(pending)).toMatchObject({ code: 'CLOSED', outcome: 'not-sent' });
    await lab.advance(10_000);
    expect([lab.net.openSockets, lab.ports.clock.pendingTimers]).toEqual([0, 0]);
  });

  it('needs no probe in the dialect ldbd', async () => {
    const lab = new Lab();
    const store = new Map([['a', bytes('')]]);
    lab.serve(ldbd(store));
    const client = lab.client(options);
    await lab.run(client.setEx('a', '1', { ttlMs: 60_000 }));
    expect([lab.peers.length, text(store.get('a')), client.info().capabilities.setEx]).toEqual([1, '1', true]);
  });
});
